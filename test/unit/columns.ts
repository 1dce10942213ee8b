import type { DatabaseSync } from 'node:sqlite';

/** The columns of every table, sorted. */
export function columnsOf(database: DatabaseSync): Record<string, string[]> {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  return Object.fromEntries(
    tables.map(({ name }) => {
      const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(name ?? '');
      return [String(name), columns.map((column) => String(column['name'])).sort()];
    }),
  );
}
