import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Death, type Life } from './life.ts';

/** Where a write or a commit may go wrong, and how. */
export type DiskTrouble =
  /** SQLITE_FULL: rolled back. */
  | 'full'
  /** SQLITE_IOERR: rolled back. */
  | 'io'
  /** Committed, but the answer is an error. */
  | 'answer lost'
  /** The process dies before the commit, after it, or with part of it on the disk. */
  | 'crash before'
  | 'crash after'
  | 'crash torn';

export type DiskOperation = 'write' | 'commit';

interface Handle {
  readonly disk: Disk;
  readonly life: Life;
  readonly path: string;
  /** Bytes of the log that are on the disk for sure when a commit returns. */
  durable: 'unknown' | 'all' | number;
}

/**
 * A disk under node:sqlite: real databases, on which the world can interfere at each write and each commit. Each life of
 * a process has the files as the life before left them, copied: so that the dead process can be let go of.
 */
export class Disk {
  readonly #root: string;
  readonly #file: string;
  #lives = 0;
  #life: Life | undefined;
  #handle: { readonly database: DatabaseSync; readonly handle: Handle } | undefined;
  #dropped = false;
  #torn: number | undefined;
  /** Asked before each write and commit. */
  trouble: (operation: DiskOperation) => DiskTrouble | undefined = () => undefined;
  onCommitted: (database: DatabaseSync) => void = () => undefined;

  constructor(root: string, file: string) {
    this.#root = root;
    this.#file = file;
    mkdirSync(this.directory, { recursive: true });
    disks.add(this);
  }

  get directory(): string {
    return join(this.#root, String(this.#lives));
  }

  get path(): string {
    return join(this.directory, this.#file);
  }

  /** The database that the process has open. */
  get database(): DatabaseSync | undefined {
    return this.#handle?.database;
  }

  begin(life: Life): void {
    this.#life = life;
    life.onEnd(() => this.#leave());
  }

  /** The machine loses its power after the process is gone: what was not on the disk for sure is lost. */
  dropUnsynced(): void {
    this.#dropped = true;
  }

  /** The files as they are now, for a backup. */
  copyTo(directory: string): void {
    mkdirSync(directory, { recursive: true });
    for (const path of filesOf(this.path)) copyFileSync(path, join(directory, basename(path)));
  }

  /** Puts other files in place, while no process runs. */
  replaceBy(directory: string): void {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
    for (const path of filesOf(join(directory, this.#file))) {
      copyFileSync(path, join(this.directory, basename(path)));
    }
  }

  /** All files are lost, while no process runs. */
  wipe(): void {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
  }

  /** Nobody uses it any more. */
  retire(): void {
    disks.delete(this);
  }

  #leave(): void {
    const before = this.directory;
    const from = filesOf(this.path);
    this.#lives += 1;
    mkdirSync(this.directory, { recursive: true });
    for (const path of from) copyFileSync(path, join(this.directory, basename(path)));
    const log = `${this.path}-wal`;
    const durable = this.#dropped ? this.#handle?.handle.durable : 'all';
    const length = Math.min(this.#torn ?? Infinity, typeof durable === 'number' ? durable : Infinity);
    if (sizeOf(log) > length) truncateSync(log, length);
    this.#torn = undefined;
    this.#dropped = false;
    this.#life = undefined;
    try {
      this.#handle?.database.close();
    } catch {
      // It closed it itself, on its way out.
    }
    this.#handle = undefined;
    rmSync(before, { recursive: true, force: true });
  }

  /** The handle of a database that a process of this disk opened. */
  adopt(database: DatabaseSync): Handle | undefined {
    if (database.location() !== this.path || this.#life === undefined) return undefined;
    const handle = { disk: this, life: this.#life, path: this.path, durable: 'unknown' as const };
    this.#handle = { database, handle };
    return handle;
  }

  operate<Result>(
    database: DatabaseSync,
    handle: Handle,
    operation: DiskOperation,
    action: () => Result,
  ): Result {
    if (!handle.life.alive) throw new Death();
    const trouble = this.trouble(operation);
    const log = `${handle.path}-wal`;
    const sizeBefore = trouble === 'crash torn' ? sizeOf(log) : 0;
    switch (trouble) {
      case undefined:
        break;
      case 'crash before':
        handle.life.end();
        throw new Death();
      case 'full':
      case 'io':
        if (database.isTransaction) original.exec.call(database, 'ROLLBACK');
        throw failure(trouble === 'full' ? 13 : 10);
      case 'answer lost':
      case 'crash after':
      case 'crash torn':
        action();
        if (operation === 'commit' && trouble !== 'crash torn') this.#committed(database, handle);
        if (trouble === 'answer lost') {
          // Of a write that seems to have failed SQLite undoes the whole transaction; of a commit nothing can be undone.
          if (database.isTransaction) original.exec.call(database, 'ROLLBACK');
          throw failure(10);
        }
        if (trouble === 'crash torn' && operation === 'commit') this.#tear(log, sizeBefore);
        handle.life.end();
        throw new Death();
    }
    const result = action();
    if (operation === 'commit') this.#committed(database, handle);
    return result;
  }

  #tear(log: string, sizeBefore: number): void {
    const size = sizeOf(log);
    // In the midst of what this commit wrote.
    if (size > sizeBefore) this.#torn = sizeBefore + Math.floor((size - sizeBefore) * 0.7);
  }

  #committed(database: DatabaseSync, handle: Handle): void {
    if (handle.durable === 'unknown') {
      const { synchronous } = original.prepare
        .call(database, 'PRAGMA synchronous')
        .get() as unknown as Synchronous;
      // Below FULL nothing of the log is on the disk for sure before the next checkpoint.
      handle.durable = synchronous >= 2 ? 'all' : 0;
    }
    this.onCommitted(database);
  }
}

interface Synchronous {
  readonly synchronous: number;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

function filesOf(path: string): string[] {
  return [path, `${path}-wal`].filter((file) => existsSync(file));
}

function failure(code: number): Error {
  return Object.assign(new Error('of the simulated disk'), { code: 'ERR_SQLITE_ERROR', errcode: code });
}

const disks = new Set<Disk>();
const handles = new WeakMap<DatabaseSync, Handle>();
const original = { exec: DatabaseSync.prototype.exec, prepare: DatabaseSync.prototype.prepare };

function handleOf(database: DatabaseSync): Handle | undefined {
  const known = handles.get(database);
  if (known) return known;
  for (const disk of disks) {
    const handle = disk.adopt(database);
    if (!handle) continue;
    handles.set(database, handle);
    return handle;
  }
  return undefined;
}

/** What `action` does goes past the world's interference. */
export function untroubled<Result>(database: DatabaseSync, sql: string): Result[] {
  const known = prepared.get(database) ?? new Map<string, StatementSync>();
  prepared.set(database, known);
  const statement = known.get(sql) ?? original.prepare.call(database, sql);
  known.set(sql, statement);
  statement.setReadBigInts(true);
  return statement.all() as Result[];
}

const prepared = new WeakMap<DatabaseSync, Map<string, StatementSync>>();

const commit = /^\s*commit\b/i;
const write = /^\s*(insert|update|delete)\b/i;

/** From here on, what SQLite does for a process of a disk goes through that disk. */
export function interpose(): void {
  if (DatabaseSync.prototype.prepare !== original.prepare) return;
  DatabaseSync.prototype.exec = function exec(sql) {
    const handle = handleOf(this);
    if (!handle) return original.exec.call(this, sql);
    if (commit.test(sql)) {
      return handle.disk.operate(this, handle, 'commit', () => original.exec.call(this, sql));
    }
    if (!handle.life.alive) throw new Death();
    original.exec.call(this, sql);
  };
  DatabaseSync.prototype.prepare = function prepare(sql) {
    const handle = handleOf(this);
    const statement = original.prepare.call(this, sql);
    if (!handle) return statement;
    const operation = commit.test(sql) ? 'commit' : write.test(sql) ? 'write' : undefined;
    if (operation) wrap(this, handle, operation, statement);
    return statement;
  };
}

function wrap(
  database: DatabaseSync,
  handle: Handle,
  operation: DiskOperation,
  statement: StatementSync,
): void {
  const run = statement.run.bind(statement);
  const all = statement.all.bind(statement);
  const operate = <Result>(action: () => Result) => handle.disk.operate(database, handle, operation, action);
  statement.run = (...parameters: never[]) => operate(() => run(...parameters));
  statement.all = (...parameters: never[]) => operate(() => all(...parameters));
}
