import { type RawBuilder, type SqlBool, sql } from 'kysely';

/** Text that begins so, byte by byte, as an index finds it. */
export function beginsWith(column: string, text: string): RawBuilder<SqlBool> {
  const start = text.normalize('NFC');
  return sql`(${sql.ref(column)} >= ${start} AND ${sql.ref(column)} < ${`${start}\u{10ffff}`})`;
}

/** SQLite and PostgreSQL want some limit with an order; this is everything. */
export const noLimit = 2 ** 31 - 1;
