import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { oneByOne } from '../../common/one-by-one.ts';
import type { Context, RemovalKeeper } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { loadRemovals, removalsName } from './removals.ts';
import { sealFile } from './sealed-file.ts';

/** Keeps the list of removals beside the backups, where there are any. */
export function createRemovalKeeper(
  context: Pick<Context, 'store' | 'clock' | 'log' | 'envelope' | 'backups'>,
): RemovalKeeper {
  // Who read the books earlier must not write later.
  const inTurn = oneByOne();
  let written = true;
  return {
    keep: () =>
      inTurn(async () => {
        written = await mayTryAgain(
          context,
          'the list of removals beside the backups could not be written',
          () => write(context),
        );
      }),
    missing: () => (written ? [] : [notWritten]),
  };
}

const notWritten =
  'the list of removals beside the backups, which could not be written (tried again every hour): a backup of before that is restored without it brings back what was taken away, and uses what was restricted';

async function write({
  store,
  clock,
  envelope,
  backups,
}: Pick<Context, 'store' | 'clock' | 'envelope' | 'backups'>): Promise<void> {
  const { current } = await envelope.load();
  // At once, so that a simulated controller, which has none, waits for nothing outside of its world.
  if (current === undefined || !existsSync(backups.directory)) return;
  const list = await store.transaction((tx) => loadRemovals(tx, clock.now()));
  const path = join(backups.directory, removalsName);
  const sealed = await sealFile(current, Buffer.from(JSON.stringify(list)));
  try {
    await writeFileAtomically(path, sealed);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'it failed';
    throw new TurnpikeError('environment', `${path} cannot be written: ${code}`, {
      remedy: 'make room on its disk, and let the controller write there',
      cause: error,
    });
  }
}
