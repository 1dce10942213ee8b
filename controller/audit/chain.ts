import { createHash } from 'node:crypto';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

export type AuditRow = Row<'audit'>;

/** What the entry after these is chained to. */
export interface ChainEnd {
  /** 0 before the first entry. */
  readonly id: number;
  readonly hash: Uint8Array;
}

/** The last entry, or where the chain begins when it has none. */
export async function chainEnd(tx: Tx): Promise<ChainEnd> {
  const last = await tx.db
    .selectFrom('audit')
    .orderBy('id', 'desc')
    .select(['id', 'hash'])
    .limit(1)
    .executeTakeFirst();
  return last ?? chainStart(tx);
}

/** The entry before the first one that is kept. */
export async function chainStart(tx: Tx): Promise<ChainEnd> {
  const { entry_id: id, hash } = await tx.db
    .selectFrom('audit_anchor')
    .select(['entry_id', 'hash'])
    .executeTakeFirstOrThrow();
  return { id, hash };
}

/** Over every column, so that none can be changed; the columns' order is part of it. */
export function chainHash(before: Uint8Array, entry: Omit<AuditRow, 'hash'>): Uint8Array {
  const { id, at, actor, actor_name, uid, method, route, status, problem, times, subject } = entry;
  const text = JSON.stringify([
    ...[id, at, actor, actor_name, uid, method, route, status, problem, times, subject],
    ...[entry.account_handle, entry.sealed].map((bytes) => bytes && Buffer.from(bytes).toString('hex')),
  ]);
  return new Uint8Array(createHash('sha256').update(before).update(text).digest());
}
