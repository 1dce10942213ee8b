import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type SqliteStatement,
} from 'kysely';

/** As many compiled statements as are kept; our queries are fewer. */
const keptStatements = 400;

/**
 * node:sqlite behind Kysely's SQLite dialect. A column declared BIGINT is read as bigint, one declared INTEGER as
 * number; an expression (`sum`, `count`) has no declaration and stays bigint.
 */
export class NodeSqliteDialect implements Dialect {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  createDriver() {
    return new Driver(this.#database);
  }

  createAdapter() {
    return new TransactionalDdl();
  }

  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }

  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }
}

class Driver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    super({ database: new PreparedDatabase(database) });
    this.#database = database;
  }

  /** A full or failing disk has rolled back already; the error of rolling back twice would hide the first one. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }
}

/** SQLite rolls DDL back; Kysely's adapter does not say so, and a migration would be left half done. */
class TransactionalDdl extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true;
  }
}

class PreparedDatabase implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Statement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = new Statement(this.#database.prepare(sql));
    if (this.#statements.size >= keptStatements) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

class Statement implements SqliteStatement {
  readonly reader: boolean;
  readonly #statement: StatementSync;
  readonly #numbers: readonly string[];

  constructor(statement: StatementSync) {
    statement.setReadBigInts(true);
    const columns = statement.columns();
    this.#statement = statement;
    this.reader = columns.length > 0;
    this.#numbers = columns.filter(({ type }) => type === 'INTEGER').map(({ name }) => name);
  }

  all(parameters: readonly unknown[]): unknown[] {
    const rows = this.#statement.all(...(parameters as SQLInputValue[]));
    for (const name of this.#numbers) {
      for (const row of rows) {
        if (typeof row[name] === 'bigint') row[name] = Number(row[name]);
      }
    }
    return rows;
  }

  run(parameters: readonly unknown[]) {
    return this.#statement.run(...(parameters as SQLInputValue[]));
  }

  iterate(parameters: readonly unknown[]): IterableIterator<unknown> {
    return this.all(parameters)[Symbol.iterator]() as IterableIterator<unknown>;
  }
}
