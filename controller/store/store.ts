import { AsyncLocalStorage } from 'node:async_hooks';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, type Transaction } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { checkWritable, storeFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { NodeSqliteDialect } from './node-sqlite.ts';
import type { Schema } from './schema.ts';

/** One transaction, while it is open. */
export interface Tx {
  readonly db: Transaction<Schema>;
  /**
   * The revision of what this transaction changes for nodes: the same at each call within it. Asking for it is what
   * wakes the nodes' streams after the commit.
   */
  revision(): Promise<bigint>;
  /** Calls `action` once this is durable; never when it is rolled back. It must not throw. */
  afterCommit(action: () => void): void;
}

export interface Store {
  /**
   * Runs `work` in a transaction: durable when it resolves, without effect when it rejects. One after the other, so
   * that revisions become visible in their order. `work` must use its `tx` alone.
   * @throws what `work` throws; SQLite's errors as TurnpikeError with their remedy.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls back after each commit that took a revision. Returns stop. */
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
    return new SqliteStore(db, path);
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
    database.exec('BEGIN IMMEDIATE; COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

class SqliteStore implements Store {
  readonly #db: Kysely<Schema>;
  readonly #path: string;
  readonly #listeners = new Set<() => void>();
  readonly #inside = new AsyncLocalStorage<true>();
  #closed = false;

  constructor(db: Kysely<Schema>, path: string) {
    this.#db = db;
    this.#path = path;
  }

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    // With one connection, a transaction within a transaction would wait for itself for ever.
    if (this.#inside.getStore())
      throw new TurnpikeError('internal', 'a transaction was begun within another');
    if (this.#closed) throw new TurnpikeError('unavailable', 'the database is closed');
    const after: (() => void)[] = [];
    let revision: bigint | undefined;
    let result: T;
    try {
      result = await this.#inside.run(true, () =>
        this.#db.transaction().execute((db) =>
          work({
            db,
            revision: async () => {
              revision ??= await nextRevision(db);
              return revision;
            },
            afterCommit: (action) => after.push(action),
          }),
        ),
      );
    } catch (error) {
      throw storeFailure(error, this.#path);
    }
    // Listeners may well begin transactions of their own: they are outside of this one.
    this.#inside.exit(() => {
      for (const action of after) action();
      if (revision !== undefined) for (const listener of this.#listeners) listener();
    });
    return result;
  }

  onRevision(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
