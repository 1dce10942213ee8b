import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import type { Schema } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { seesItem } from './reach.ts';

type Listed = {
  [Table in keyof Schema]: Schema[Table] extends { id: string; created_at: number } ? Table : never;
}[keyof Schema];

/**
 * What comes after an item in the order of creation, or in that of another column.
 * @throws TurnpikeError `invalid` for what is no item there: an empty page would look like the end of the list
 */
export async function afterItem(tx: Tx, table: Listed, id: string, column = 'created_at') {
  const { rows } = await sql<{
    at: unknown;
  }>`SELECT ${sql.ref(column)} AS at FROM ${sql.table(table)} WHERE id = ${id} AND ${seesItem(tx, table)}`.execute(
    tx.db,
  );
  const [found] = rows;
  if (found === undefined || found.at === null) throw notACursor(id);
  // The value itself and no subquery, so that an index is used.
  return sql<boolean>`(${sql.ref(`${table}.${column}`)}, ${sql.ref(`${table}.id`)}) > (${found.at}, ${id})`;
}

/** Text that begins so, byte by byte, as an index finds it. */
export function beginsWith(column: string, text: string): RawBuilder<SqlBool> {
  const start = text.normalize('NFC');
  return sql`(${sql.ref(column)} >= ${start} AND ${sql.ref(column)} < ${`${start}\u{10ffff}`})`;
}

export function notACursor(text: string): TurnpikeError {
  return new TurnpikeError('invalid', `${show(text)} is not a cursor of this list`, {
    remedy: 'give "next" of the page before, or begin again without a cursor',
  });
}

/** SQLite and PostgreSQL want some limit with an order; this is everything. */
export const noLimit = 2 ** 31 - 1;
