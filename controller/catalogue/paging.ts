import { sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import type { Schema } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { seesItem } from './reach.ts';

type Listed = {
  [Table in keyof Schema]: Schema[Table] extends { id: string; created_at: number } ? Table : never;
}[keyof Schema];

/**
 * What comes after an item in the order of creation.
 * @throws TurnpikeError `invalid` for what is no item there: an empty page would look like the end of the list
 */
export async function afterItem(tx: Tx, table: Listed, id: string) {
  const { rows } =
    await sql`SELECT id FROM ${sql.table(table)} WHERE id = ${id} AND ${seesItem(tx, table)}`.execute(tx.db);
  if (rows.length === 0) throw notACursor(id);
  return sql<boolean>`(${sql.ref(`${table}.created_at`)}, ${sql.ref(`${table}.id`)}) > (SELECT created_at, id FROM ${sql.table(table)} WHERE id = ${id})`;
}

export function notACursor(text: string): TurnpikeError {
  return new TurnpikeError('invalid', `${show(text)} is not a cursor of this list`, {
    remedy: 'give "next" of the page before, or begin again without a cursor',
  });
}

/** SQLite and PostgreSQL want some limit with an order; this is everything. */
export const noLimit = 2 ** 31 - 1;
