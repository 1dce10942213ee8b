import { smaller } from '../ledger/bigint.ts';
import type { Tx } from '../store/store.ts';
import { type CurrentStanding, loadStandings } from './standings.ts';

/**
 * Before a pack is added: what was consumed of the others so far stays theirs. Otherwise a new one that expires earlier
 * would be charged with what passed before it was bought, and the older ones would be full again. In the same way a
 * refund that waits keeps to what is unspent now: what was used already is not taken of volume that is bought later.
 */
export async function holdConsumption(tx: Tx, subscriptionId: string): Promise<void> {
  const standing = (await loadStandings(tx, [subscriptionId])).get(subscriptionId);
  if (standing === undefined) return;
  for (const [id, left] of standing.packs) {
    await tx.db
      .updateTable('adjustments')
      .set((row) => ({ spent: row(row('bytes', '-', row.ref('taken')), '-', left) }))
      .where('id', '=', id)
      .execute();
  }
  await holdRefunds(tx, subscriptionId, standing);
}

async function holdRefunds(
  tx: Tx,
  subscriptionId: string,
  { remaining, packs }: CurrentStanding,
): Promise<void> {
  if (remaining === null) return;
  const pending = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', subscriptionId)
    .where('pending', '=', 1)
    .orderBy('created_at')
    .orderBy('id')
    .select(['id', 'bytes', 'taken', 'given_up', 'pack_id'])
    .execute();
  let unspent = remaining;
  for (const { id, bytes, taken, given_up, pack_id } of pending) {
    const rest = bytes - taken - given_up;
    const found = smaller(rest, pack_id === null ? unspent : smaller(unspent, packs.get(pack_id) ?? 0n));
    unspent -= found;
    if (found === rest) continue;
    const lost = { given_up: given_up + rest - found };
    await tx.db.updateTable('adjustments').set(lost).where('id', '=', id).execute();
  }
}
