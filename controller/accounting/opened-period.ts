import { claimedBytes } from '../ledger/row.ts';
import type { Tx } from '../store/store.ts';
import { type Book, carryOn, loadBooks } from './book.ts';
import { placeOf } from './decide.ts';

/** What is sold in a period that begins now, or next: a change of tariff that waits for it is in force in it. */
export function termsOfNext(tx: Tx, subscriptionId: string) {
  return tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', (join) =>
      join.on((row) =>
        row('tariffs.id', '=', row.fn.coalesce('subscriptions.next_tariff_id', 'subscriptions.tariff_id')),
      ),
    )
    .where('subscriptions.id', '=', subscriptionId)
    .select(['tariffs.volume_bytes', 'tariffs.rollover'])
    .executeTakeFirstOrThrow();
}

/**
 * Brings a period that was opened beforehand and begins now up to what was changed since: whether it takes over what
 * the one before left is the tariff's word that is in force in it, and what its bytes count is the nodes'. Its volume
 * and its end follow a change at once (change-volume.ts), because nodes are granted of them beforehand.
 */
export async function refreshOpened(tx: Tx, subscriptionId: string, number: number): Promise<void> {
  const { rollover } = await termsOfNext(tx, subscriptionId);
  await tx.db
    .updateTable('periods')
    .set({ rollover })
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', number)
    .execute();
  await refreshMultipliers(tx, subscriptionId, number);
}

/**
 * Rows of which something is granted, too: what they claim becomes another sum. That never goes beyond the volume, so a
 * row keeps its old multiplier for this period where the new one is more than there is room for.
 */
async function refreshMultipliers(tx: Tx, subscriptionId: string, number: number): Promise<void> {
  const stale = await tx.db
    .selectFrom('grants')
    .innerJoin('nodes', 'nodes.id', 'grants.node_id')
    .where('grants.subscription_id', '=', subscriptionId)
    .where('grants.period', '=', number)
    .where('grants.ended', '=', 0)
    .whereRef('grants.multiplier', '!=', 'nodes.multiplier')
    .select(['grants.node_id', 'grants.incarnation', 'nodes.multiplier'])
    // Those that count less make room for those that count more.
    .orderBy((row) => row('nodes.multiplier', '-', row.ref('grants.multiplier')))
    .execute();
  if (stale.length === 0) return;
  const [book] = await loadBooks(tx, [subscriptionId]);
  const period = book?.periods.find((one) => one.number === number);
  const rows = new Map(
    (book?.grants ?? [])
      .filter((grant) => grant.period === number)
      .map((grant) => [placeOf(grant), grant.ledger]),
  );
  for (const { node_id, incarnation, multiplier } of stale) {
    const place = placeOf({ nodeId: node_id, incarnation });
    const row = rows.get(place);
    if (row === undefined || period === undefined) continue;
    const now = { ...row, multiplier: BigInt(multiplier) };
    const others = [...rows].reduce((sum, [one, its]) => (one === place ? sum : sum + claimedBytes(its)), 0n);
    const fits = period.volume === null || others + claimedBytes(now) <= period.volume;
    if (!fits && now.multiplier > row.multiplier) continue;
    rows.set(place, now);
    await tx.db
      .updateTable('grants')
      .set({ multiplier })
      .where('subscription_id', '=', subscriptionId)
      .where('node_id', '=', node_id)
      .where('incarnation', '=', incarnation)
      .where('period', '=', number)
      .execute();
  }
}

/** What a period that has just begun takes over, as far as that is known now: nodes may still hold some of it. */
export async function loadCarriedIn(
  tx: Tx,
  subscriptionId: string,
  { earliest, number }: { earliest: number; number: number },
): Promise<bigint> {
  const books = await loadBooks(tx, [subscriptionId], new Map([[subscriptionId, earliest]]));
  const { periods } = carryOn(books[0] as Book);
  return periods.find((one) => one.number === number)?.carriedIn ?? 0n;
}
