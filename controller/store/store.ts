import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql, type Transaction } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { checkWritable, storeFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import type { Schema } from './schema.ts';

/** One transaction, while it is open. */
export interface Tx {
  readonly db: Transaction<Schema>;
  /** Whoever began it may see and change accounts with this tag alone; undefined: all. */
  readonly tag: string | undefined;
  /**
   * The revision of what this transaction changes for nodes: the same at each call within it. Asking for it is what
   * wakes the nodes' streams after the commit.
   */
  revision(): Promise<bigint>;
  /** Calls `action` once this is durable; never when it is rolled back. It must not throw. */
  afterCommit(action: () => void): void;
  /** Says that something happened that is told to billing backends: it wakes those who tell, after the commit. */
  eventRecorded(): void;
}

export interface Store {
  /**
   * Runs `work` in a transaction: durable when it resolves, without effect when it rejects. One after the other, so
   * that revisions become visible in their order. `work` must use its `tx` alone.
   * @throws what `work` throws; SQLite's errors as TurnpikeError with their remedy.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Runs `work`, in which the transactions that it begins, one after the other, are parts of one: durable together when
   * this resolves. A part that rejects is without effect and the others stay; when `work` rejects, all are without effect.
   */
  together<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Writes the files anew, so that nothing of what was deleted is left in them: not in free pages, in gaps, or in the log
   * of writes. Everything waits for it, as long as writing the database takes.
   */
  scrub(): Promise<void>;
  /** The whole database as a file has it, between two transactions. Everything waits while it is copied in memory. */
  serialize(): Promise<Uint8Array>;
  /** Calls back after each commit in which something happened, or may have, as nobody knows whether it failed. Returns stop. */
  onEvent(listener: () => void): () => void;
  /** Calls back after each commit that took a revision, or may have. Returns stop. */
  onRevision(listener: () => void): () => void;
  close(): Promise<void>;
}

/**
 * Opens the database at `path`, makes it when it is missing, and holds it against every other process.
 * @throws TurnpikeError `environment` or `conflict`
 */
export async function openStore(path: string): Promise<Store> {
  let database: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') checkWritable(path);
    database = open(path);
    const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(database) });
    await migrate(db, path);
    return new SqliteStore(db, database, path);
  } catch (error) {
    database?.close();
    throw storeFailure(error, path);
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 0 });
  try {
    // Exclusive before WAL: two controllers on one file would each grant the same volume.
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // 64 MB: with 2 MB, as it comes, the indexes of a large fleet are read from the disk again and again.
    database.exec('PRAGMA cache_size = -65536');
    database.exec('PRAGMA secure_delete = ON');
    database.exec('BEGIN IMMEDIATE; COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A transaction that is open. */
class Unit implements Tx {
  readonly db: Transaction<Schema>;
  readonly tag = undefined;
  after: (() => void)[] = [];
  taken: bigint | undefined;
  eventful = false;
  /** A part of it is at work. */
  busy = false;
  /** Why it can no longer be committed: SQLite rolls all back on a full disk. */
  broken: { readonly error: unknown } | undefined;

  constructor(db: Transaction<Schema>) {
    this.db = db;
  }

  // Fields, because callers take them out of it.
  readonly revision = async (): Promise<bigint> => {
    this.taken ??= await nextRevision(this.db);
    return this.taken;
  };
  readonly afterCommit = (action: () => void): void => void this.after.push(action);
  readonly eventRecorded = (): void => {
    this.eventful = true;
  };
}

class SqliteStore implements Store {
  readonly #db: Kysely<Schema>;
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #revisionListeners = new Set<() => void>();
  readonly #eventListeners = new Set<() => void>();
  /** In what the caller is: one whole, or one that takes parts. */
  readonly #inside = new AsyncLocalStorage<{ readonly joint: Unit | undefined }>();
  #closed = false;

  constructor(db: Kysely<Schema>, database: DatabaseSync, path: string) {
    this.#db = db;
    this.#database = database;
    this.#path = path;
  }

  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#begin(work, () => undefined);
  }

  together<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.#begin(work, (unit) => unit);
  }

  async #begin<T>(work: (tx: Tx) => Promise<T>, joint: (unit: Unit) => Unit | undefined): Promise<T> {
    const around = this.#inside.getStore();
    try {
      if (around === undefined) return await this.#whole(work, joint);
      if (around.joint !== undefined) return await this.#part(around.joint, work, joint);
    } catch (error) {
      throw storeFailure(error, this.#path);
    }
    // With one connection, a transaction within a transaction would wait for itself for ever.
    throw new TurnpikeError('internal', 'a transaction was begun within another');
  }

  async #whole<T>(work: (tx: Tx) => Promise<T>, joint: (unit: Unit) => Unit | undefined): Promise<T> {
    if (this.#closed) throw new TurnpikeError('unavailable', 'the database is closed');
    let done: { readonly unit: Unit; readonly result: T } | undefined;
    let committed = false;
    try {
      done = await this.#db.transaction().execute(async (db) => {
        const unit = new Unit(db);
        const result = await this.#inside.run({ joint: joint(unit) }, () => work(unit));
        if (unit.broken !== undefined) throw unit.broken.error;
        done = { unit, result };
        return done;
      });
      committed = true;
      return done.result;
    } finally {
      // A commit of which only the answer was lost is there all the same: whoever listens looks for himself.
      if (done !== undefined) this.#tell(done.unit, committed);
    }
  }

  #tell({ after, taken, eventful }: Unit, committed: boolean): void {
    // Listeners may well begin transactions of their own: they are outside of this one.
    this.#inside.exit(() => {
      if (committed) for (const action of after) action();
      if (taken !== undefined) for (const listener of this.#revisionListeners) listener();
      if (eventful) for (const listener of this.#eventListeners) listener();
    });
  }

  async #part<T>(
    unit: Unit,
    work: (tx: Tx) => Promise<T>,
    joint: (unit: Unit) => Unit | undefined,
  ): Promise<T> {
    if (unit.broken !== undefined) throw unit.broken.error;
    if (unit.busy) throw new TurnpikeError('internal', 'two parts of a transaction were begun at once');
    const { taken, eventful } = unit;
    const part = Object.assign(new Unit(unit.db), { taken, eventful });
    unit.busy = true;
    try {
      await sql`SAVEPOINT part`.execute(unit.db);
      try {
        const result = await this.#inside.run({ joint: joint(part) }, () => work(part));
        if (part.broken !== undefined) throw part.broken.error;
        await sql`RELEASE part`.execute(unit.db);
        unit.after.push(...part.after);
        unit.taken = part.taken;
        unit.eventful = part.eventful;
        return result;
      } catch (error) {
        await sql`ROLLBACK TO part`
          .execute(unit.db)
          .then(() => sql`RELEASE part`.execute(unit.db))
          .catch(() => {
            unit.broken = { error };
          });
        throw error;
      }
    } finally {
      unit.busy = false;
    }
  }

  async scrub(): Promise<void> {
    if (this.#inside.getStore() !== undefined) {
      throw new TurnpikeError('internal', 'the files cannot be written anew within a transaction');
    }
    try {
      await this.#db.connection().execute(async (db) => {
        await sql`VACUUM`.execute(db);
        await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
      });
    } catch (error) {
      throw storeFailure(error, this.#path);
    }
  }

  async serialize(): Promise<Uint8Array> {
    if (this.#inside.getStore() !== undefined) {
      throw new TurnpikeError('internal', 'the database cannot be copied within a transaction');
    }
    try {
      // Whoever has the one connection has no transaction under way.
      return await this.#db.connection().execute(async () => this.#database.serialize());
    } catch (error) {
      throw storeFailure(error, this.#path);
    }
  }

  onRevision(listener: () => void): () => void {
    this.#revisionListeners.add(listener);
    return () => this.#revisionListeners.delete(listener);
  }

  onEvent(listener: () => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#db.destroy();
  }
}

async function nextRevision(db: Transaction<Schema>): Promise<bigint> {
  const { revision } = await db
    .updateTable('fleet')
    .set((row) => ({ revision: row('revision', '+', 1n) }))
    .returning('revision')
    .executeTakeFirstOrThrow();
  return revision;
}
