import { DatabaseSync } from 'node:sqlite';

/**
 * Columns, as `table.column`, in which anything stands that is a time within an hour of `moment`: milliseconds, seconds,
 * or written out; alone or within JSON and blobs.
 */
export function timesNear(path: string, moment: number): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const found = new Set<string>();
    for (const { name } of tables) {
      const statement = database.prepare(`SELECT * FROM "${name}"`);
      statement.setReadBigInts(true);
      for (const row of statement.all()) {
        for (const [column, value] of Object.entries(row)) {
          if (holdsTime(value, moment)) found.add(`${name}.${column}`);
        }
      }
    }
    return [...found].sort();
  } finally {
    database.close();
  }
}

const hourMs = 3600_000;

function holdsTime(value: unknown, moment: number): boolean {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
  const numbers = [...text.matchAll(/\d{10,16}(?:\.\d+)?/g)].map(([digits]) => Number(digits));
  const written = [...text.matchAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?/g)].map(([iso]) =>
    Date.parse(iso),
  );
  const candidates = [...numbers, ...numbers.map((seconds) => seconds * 1000), ...written];
  return candidates.some((time) => Math.abs(time - moment) < hourMs);
}
