import type { Tx } from '../store/store.ts';
import type { Vault } from '../vault/vault.ts';
import { cutAt, cutRoute } from './cut.ts';
import { recordAudit } from './record.ts';

/**
 * Forgets the entries of before that time. The chain begins behind them then, and a new entry says where: so nobody can
 * take its beginning away in silence.
 * @returns how many
 */
export async function pruneAudit(vault: Vault, tx: Tx, before: number, now: number): Promise<number> {
  const last = await lastBefore(tx, before);
  if (last === undefined) return 0;
  const { numDeletedRows } = await tx.db
    .deleteFrom('audit')
    .where('id', '<=', last.id)
    .executeTakeFirstOrThrow();
  await tx.db.updateTable('audit_anchor').set({ entry_id: last.id, hash: last.hash }).execute();
  await recordAudit(vault, tx, {
    at: now,
    actor: { id: 'controller' },
    method: '',
    route: cutRoute,
    status: 200,
    subject: { ofAccount: {}, own: cutAt(last) },
  });
  return Number(numDeletedRows);
}

/** How many there are of before that time. */
export async function countPrunable(tx: Tx, before: number): Promise<number> {
  const last = await lastBefore(tx, before);
  if (last === undefined) return 0;
  const { count } = await tx.db
    .selectFrom('audit')
    .where('id', '<=', last.id)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** The last entry before the first that stays: what is kept is one piece, also when a clock went back. */
async function lastBefore(tx: Tx, before: number) {
  const stays = await tx.db
    .selectFrom('audit')
    .where('at', '>=', before)
    .orderBy('id')
    .select('id')
    .limit(1)
    .executeTakeFirst();
  return tx.db
    .selectFrom('audit')
    .where('id', '<', stays?.id ?? Number.MAX_SAFE_INTEGER)
    .orderBy('id', 'desc')
    .select(['id', 'hash'])
    .limit(1)
    .executeTakeFirst();
}
