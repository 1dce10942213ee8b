import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import type { Account } from './views.ts';

/** As shown, in the order of the ids. */
export async function loadAccounts(tx: Tx, ids: readonly string[]): Promise<Account[]> {
  const rows = new Map(
    (
      await selectInChunks(ids, (chunk) =>
        tx.db.selectFrom('accounts').where('id', 'in', chunk).selectAll().execute(),
      )
    ).map((row) => [row.id, row]),
  );
  const links = [...new Set([...rows.values()].flatMap(({ link }) => link ?? []))];
  const linked = await selectInChunks(links, (chunk) =>
    tx.db
      .selectFrom('accounts')
      .where('link', 'in', chunk)
      .select(['id', 'link', 'reference'])
      .orderBy('reference')
      .execute(),
  );
  const sets = Map.groupBy(linked, ({ link }) => link);
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (row === undefined) return [];
    const others = row.link === null ? [] : (sets.get(row.link) ?? []).filter((other) => other.id !== id);
    return {
      id,
      reference: row.reference,
      tag: row.tag,
      linked: others.map(({ reference }) => reference),
      suspendedAt: row.suspended_at,
      suspensionReason: row.suspension_reason,
      restrictedAt: row.restricted_at,
      createdAt: row.created_at,
    };
  });
}

/** @throws when there is none: callers have just found it. */
export async function loadAccount(tx: Tx, id: string): Promise<Account> {
  return (await loadAccounts(tx, [id]))[0] as Account;
}
