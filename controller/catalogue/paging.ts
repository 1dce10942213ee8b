import { sql } from 'kysely';
import type { Schema } from '../store/schema.ts';

type Listed = {
  [Table in keyof Schema]: Schema[Table] extends { id: string; created_at: number } ? Table : never;
}[keyof Schema];

/** What comes after an item in the order of creation. */
export function afterItem(table: Listed, id: string) {
  return sql<boolean>`(${sql.ref(`${table}.created_at`)}, ${sql.ref(`${table}.id`)}) > (SELECT created_at, id FROM ${sql.table(table)} WHERE id = ${id})`;
}

/** SQLite and PostgreSQL want some limit with an order; this is everything. */
export const noLimit = 2 ** 31 - 1;
