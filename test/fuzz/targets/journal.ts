import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { IdentityFile } from '../../../agent/identity/identity-file.ts';
import { journalFile, openJournal } from '../../../agent/journal/journal.ts';
import { checkRefusal, refusedOrDone } from '../expect.ts';
import { hostileText } from '../hostile.ts';
import { mutatedJson } from '../mutate.ts';
import type { FuzzTarget } from '../target.ts';

const owner = { nodeId: 'nod_0000000000000001', incarnation: 1 };
const identity = JSON.stringify({
  ...{
    nodeId: owner.nodeId,
    nodeName: 'fra1',
    incarnation: 1,
    controllerAddress: 'controller.example.net:7443',
  },
  ...{ privateKey: 'x', certificate: 'x', caCertificate: 'x' },
});
const names = [
  'settings',
  'past',
  'revision',
  'epoch',
  'epochs',
  'valid_until',
  'time',
  'refused',
  'last_report',
];

export const journal: FuzzTarget = {
  name: 'journal',
  holds: 'a damaged journal or identity is refused in our own words, or read; what is in it is not repeated',
  files: ['agent/journal/load.ts', 'agent/journal/text.ts', 'agent/identity/identity-file.ts'],
  open: async () => ({
    property: fc.asyncProperty(
      fc.constantFrom(...names),
      hostileText,
      mutatedJson([identity]),
      async (name, value, damaged) => {
        const directory = await mkdtemp(join(tmpdir(), 'turnpike-fuzz-'));
        try {
          openJournal(directory, owner).close();
          const database = new DatabaseSync(join(directory, journalFile));
          database.prepare('INSERT OR REPLACE INTO setting VALUES (?, ?)').run(name, value.toWellFormed());
          database
            .prepare('INSERT INTO closed_period VALUES (?, 1, 1, 0, 0, 0, 0, ?, NULL)')
            .run('sub_0000000000000001', name === 'epochs' ? value.toWellFormed() : '[]');
          database.close();
          refusedOrDone(() => openJournal(directory, owner))?.close();
          await writeFile(join(directory, 'identity.json'), damaged);
          await new IdentityFile(directory).load().catch(checkRefusal);
        } finally {
          await rm(directory, { recursive: true });
        }
      },
    ) as fc.IAsyncProperty<unknown>,
    close: async () => undefined,
  }),
};
