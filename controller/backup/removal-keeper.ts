import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { oneByOne } from '../../common/one-by-one.ts';
import type { Context, RemovalKeeper } from '../books/context.ts';
import { mayTryAgain } from '../books/try-again.ts';
import { noteShelf } from './known.ts';
import { loadRemovals, removalsName } from './removals.ts';
import { sealFile } from './sealed-file.ts';

/** Keeps the list of removals beside the backups, where there are any. */
export function createRemovalKeeper(
  context: Pick<Context, 'store' | 'clock' | 'log' | 'envelope' | 'backups'>,
): RemovalKeeper {
  // Who read the books earlier must not write later.
  const inTurn = oneByOne();
  let written = true;
  let away: readonly string[] = [];
  const tellAway = (now: readonly string[]) => {
    const { directory } = context.backups;
    if (now.length > 0 && now.join() !== away.join()) context.log.warn({ backups: now, directory }, whenAway);
    if (now.length === 0 && away.length > 0) context.log.info({ backups: away, directory }, whenBack);
    away = now;
  };
  return {
    keep: () =>
      inTurn(async () => {
        written = await mayTryAgain(
          context,
          'the list of removals beside the backups could not be written',
          () => write(context),
        );
        await mayTryAgain(context, 'which backups there are could not be noted', async () =>
          tellAway((await noteShelf(context)).map(({ name }) => name)),
        );
      }),
    isWritten: () => written,
    away: () => away,
    missing: () => [...(written ? [] : [notWritten]), ...(away.length > 0 ? [notBeside(away)] : [])],
  };
}

const notWritten =
  'the list of removals beside the backups, which could not be written (tried again every hour): a backup of before that is restored without it brings back what was taken away, and uses what was restricted';

const whenAway =
  'backups that were made are not in their directory: the list of removals beside them is not written. Is their disk mounted? One that is gone for good: turnpike backup forget NAME';
const whenBack = 'all backups that are known are in their directory, or were forgotten';

function notBeside(away: readonly string[]): string {
  return `the list of removals beside backups that are not in their directory (${listed(away)}): one that is restored without it brings back what was taken away, and uses what was restricted. Mount or put them back there: it is written every hour, and with turnpike backup create; one that is gone for good: turnpike backup forget NAME`;
}

function listed(names: readonly string[]): string {
  const first = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${first} and ${names.length - 3} more` : first;
}

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
