import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { TurnpikeError } from '../../common/errors.ts';
import { ensurePrivateFile, ensureStateDirectory } from './directory.ts';
import { damagedError, journalError, missingError } from './errors.ts';
import { loadState } from './load.ts';
import { schema, schemaVersion } from './schema.ts';
import { applyChange, type JournalChange, type JournalState, type Owner } from './state.ts';
import { prepareWriter } from './write.ts';

/**
 * The agent's memory on disk. One transaction per change, on the disk when `commit` returns; `state` is what is on
 * disk, never ahead of it.
 */
export interface Journal {
  readonly state: Readonly<JournalState>;
  /** @throws TurnpikeError; then nothing has changed, on disk and in memory. */
  commit(change: JournalChange): void;
  /** Leaves nothing of what was deleted in the files: not in free pages, and not in the log of writes. */
  compact(): void;
  close(): void;
}

export const journalFile = 'journal.db';

/** The owner has had a journal, and there is none, or an empty file: from its first opening on it is longer than that. */
export function isJournalGone(directory: string, { journalBegun = false }: Owner): boolean {
  if (!journalBegun) return false;
  const file = statSync(join(directory, journalFile), { throwIfNoEntry: false });
  return file === undefined || file.size === 0;
}

/**
 * Opens the journal of this state directory, or makes one. A journal of another node or incarnation is emptied: its
 * totals and grants are of no account to the new identity. Holds a lock until closed, or until the process is gone.
 * @throws TurnpikeError `environment` also when the owner has had one that is gone: all that it was granted would pass again
 */
export function openJournal(directory: string, owner: Owner): Journal {
  const path = join(directory, journalFile);
  // An empty one in its place would only mislead whoever looks for it.
  if (isJournalGone(directory, owner)) throw missingError(path);
  ensureStateDirectory(directory);
  ensurePrivateFile(path);
  return translated(path, () => {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // The exclusive lock keeps a second agent out, and is dropped by the kernel when we die.
      database.exec(
        'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON',
      );
      if (transact(database, () => prepareSchema(database, path, owner))) compact(database);
      return journalOn(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Reads a journal that no agent has open, for `status`. Undefined when there is none yet.
 * @throws TurnpikeError `environment` also when the owner has had one that is gone
 */
export function readJournal(directory: string, owner: Owner): JournalState | undefined {
  const path = join(directory, journalFile);
  if (isJournalGone(directory, owner)) throw missingError(path);
  if (!existsSync(path)) return undefined;
  return translated(path, () => {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
      return version === schemaVersion ? loadWhole(database, path) : undefined;
    } finally {
      database.close();
    }
  });
}

function journalOn(database: DatabaseSync, path: string): Journal {
  const state = loadWhole(database, path);
  const write = prepareWriter(database);
  return {
    state,
    commit(change) {
      translated(path, () => transact(database, () => write(change)));
      applyChange(state, change);
    },
    compact: () => translated(path, () => compact(database)),
    close: () => database.close(),
  };
}

function loadWhole(database: DatabaseSync, path: string): JournalState {
  try {
    return loadState(database);
  } catch (error) {
    // SQLite's own errors have a code.
    throw error instanceof Error && 'errcode' in error ? error : damagedError(path);
  }
}

/** Pages are written anew without gaps, and the log that still holds older ones is emptied. */
function compact(database: DatabaseSync): void {
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
}

/** Whether there is something left of another owner. */
function prepareSchema(database: DatabaseSync, path: string, owner: Owner): boolean {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
  if (version === 0) {
    database.exec(schema);
    database.exec(`PRAGMA user_version=${schemaVersion}`);
  } else if (version !== schemaVersion) {
    throw new TurnpikeError('environment', `${path} was written by another version of the agent`, {
      remedy: 'install that version or a newer one',
    });
  }
  const mark = JSON.stringify([owner.nodeId, owner.incarnation]);
  const row = database.prepare("SELECT value FROM setting WHERE name = 'owner'").get();
  if (row?.['value'] === mark) return false;
  if (owner.journalBegun) throw missingError(path);
  database.exec(
    'DELETE FROM setting; DELETE FROM device; DELETE FROM subscription; DELETE FROM closed_period; DELETE FROM erasing; DELETE FROM outbox',
  );
  database.prepare("INSERT INTO setting VALUES ('owner', ?)").run(mark);
  return row !== undefined;
}

function transact<Result>(database: DatabaseSync, action: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = action();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk has rolled back already.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function translated<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw journalError(path, error);
  }
}
