import { existsSync } from 'node:fs';
import { chown, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory, writeBeside, writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Books } from '../books/books.ts';
import { atHand, type EnvelopeStore } from '../vault/envelope.ts';
import type { BackupContent } from './content.ts';
import { openBackup } from './jobs.ts';
import { readRemovals, removalsName } from './removals.ts';
import type { RemovedAgain } from './remove-again.ts';

export interface RestoreOptions {
  /** The backup. */
  readonly file: string;
  /** Restores also where the list of removals is missing. */
  readonly withoutRemovals: boolean;
  /** Where the database is to be. Nothing may be there. */
  readonly storePath: string;
  readonly envelope: EnvelopeStore;
  /** Opens the books at that path. */
  readonly open: (path: string) => Promise<Books>;
}

export interface Restored {
  /** When the backup was made. */
  readonly createdAt: number;
  /** Names of nodes that must tell their totals before anything is granted. */
  readonly awaited: readonly string[];
  /**
   * What was taken away since the backup, and is again; of later than `writtenAt` nothing is known. undefined: nothing is
   * known of it at all.
   */
  readonly removed: (RemovedAgain & { readonly writtenAt: number }) | undefined;
}

/**
 * Puts a backup where no database is: begins a new term in it, and takes away again what was taken away since. Only
 * then it is the controller's database, in one step; cut short before that, there is none, and the list is as it was.
 * @throws TurnpikeError `conflict` when there is a database, `environment` when the backup or its key is not right
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, storePath, envelope } = options;
  const directory = dirname(storePath);
  refuseTaken(storePath);
  const keys = atHand(await envelope.load());
  if (keys.length === 0) {
    throw new TurnpikeError('environment', `the envelope key is missing: there is no ${envelope.place}`, {
      remedy: 'put back the one of the day of the backup: without it nothing can read that',
    });
  }
  const content = await openBackup(keys, file).catch((error: unknown) =>
    Promise.reject(unreadable(file, error)),
  );
  const removals = options.withoutRemovals
    ? undefined
    : await readRemovals(keys, join(dirname(file), removalsName));
  await putFiles(directory, content);
  const temporary = await prepare(options, content);
  try {
    const books = await options.open(temporary);
    let restored: Restored;
    try {
      await books.beginTerm();
      // It is of before itself, and is elsewhere as long as nobody puts it into the directory of this machine.
      await books.noteBackup(content.manifest.createdAt);
      // In the new term: what the hold keeps is of before it, and of a node that is gone nothing is waited for.
      const again = removals && (await books.removeAgain(removals));
      restored = {
        createdAt: content.manifest.createdAt,
        awaited: await books.awaited(),
        removed: again && removals && { ...again, writtenAt: removals.writtenAt },
      };
    } finally {
      await books.close();
    }
    await giveToOwner(directory, [temporary, ...beside(directory, content), envelope.place]);
    await rename(temporary, storePath);
    await syncDirectory(directory);
    return restored;
  } catch (error) {
    await removeDatabase(temporary);
    throw error;
  }
}

function refuseTaken(storePath: string): void {
  const taken = [storePath, `${storePath}-wal`].find((path) => existsSync(path));
  if (taken === undefined) return;
  throw new TurnpikeError('conflict', `there is ${taken} already: a backup takes the place of nothing`, {
    remedy: 'stop the controller, and move the database away with all that begins with its name',
  });
}

/** What lies beside the database. What is there and the same stays: a restore may have been cut short. */
async function putFiles(directory: string, { manifest }: BackupContent): Promise<void> {
  for (const [name, text] of Object.entries(manifest.files)) {
    const path = join(directory, name);
    const there = await readFile(path, 'utf8').catch(() => undefined);
    if (there === text) continue;
    if (there !== undefined) {
      throw new TurnpikeError('conflict', `there is another ${path} already`, { remedy: 'move it away' });
    }
    await writeFileAtomically(path, text);
  }
}

async function prepare({ storePath }: RestoreOptions, { database }: BackupContent): Promise<string> {
  const temporary = await writeBeside(storePath, database);
  // Of a restore that was cut short: they would be taken for this one's.
  await removeLogs(temporary);
  return temporary;
}

function beside(directory: string, { manifest }: BackupContent): string[] {
  return Object.keys(manifest.files).map((name) => join(directory, name));
}

/** Root restores for the user whose directory it is, and who would not be let near root's files. */
async function giveToOwner(directory: string, paths: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(directory);
  for (const path of paths) if (dirname(path) === directory) await chown(path, uid, gid);
}

async function removeDatabase(path: string): Promise<void> {
  await rm(path, { force: true });
  await removeLogs(path);
}

async function removeLogs(path: string): Promise<void> {
  for (const suffix of ['-wal', '-shm']) await rm(`${path}${suffix}`, { force: true });
}

function unreadable(file: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'EACCES' && code !== 'EISDIR') return error;
  return new TurnpikeError('environment', `the backup ${file} cannot be read: ${code}`, {
    remedy:
      code === 'EISDIR'
        ? 'name one of the files in that directory, turnpike-….backup'
        : 'name a backup file that is there and that the user of this program may read',
    cause: error,
  });
}
