import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { journalFile } from '../../../agent/journal/journal.ts';
import { device, Rig, subscription } from '../../unit/agent/rig.ts';
import { checkRefusal } from '../expect.ts';
import { mutatedBytes } from '../mutate-bytes.ts';
import type { FuzzTarget } from '../target.ts';

export const journalBytes: FuzzTarget = {
  name: 'journal-bytes',
  holds:
    'a journal whose bytes were changed on the disk is refused in our own words, or read and gone on with',
  files: ['errors', 'journal', 'load', 'text'].map((file) => `agent/journal/${file}.ts`),
  open: async () => {
    const recorded = await recordJournal();
    return {
      property: fc.asyncProperty(
        mutatedBytes(fc.constantFrom(recorded.database)),
        fc.option(mutatedBytes(fc.constantFrom(recorded.log)), { nil: new Uint8Array(0) }),
        async (database, log) => {
          const directory = await mkdtemp(join(tmpdir(), 'turnpike-fuzz-'));
          let rig: Rig | undefined;
          try {
            const path = join(directory, journalFile);
            await writeFile(path, database, { mode: 0o600 });
            if (log.length > 0) await writeFile(`${path}-wal`, log, { mode: 0o600 });
            rig = new Rig(directory);
            await rig.run();
            rig.upload(2, 5);
            await rig.beat();
          } catch (error) {
            checkRefusal(error);
          } finally {
            rig?.journal.close();
            await rm(directory, { recursive: true });
          }
        },
      ) as fc.IAsyncProperty<unknown>,
      close: async () => undefined,
    };
  },
};

/** The files of an agent that was at work and died: some of it is in the write-ahead log only. */
async function recordJournal(): Promise<{ database: Uint8Array; log: Uint8Array }> {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-fuzz-'));
  try {
    const rig = new Rig(directory);
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2), device(3)] });
    rig.upload(2, 20);
    await rig.restart();
    rig.upload(3, 20);
    await rig.beat(6000);
    const [database, log] = [journalFile, `${journalFile}-wal`].map((name) =>
      readFileSync(join(directory, name)),
    );
    rig.journal.close();
    return { database: database ?? Buffer.alloc(0), log: log ?? Buffer.alloc(0) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
