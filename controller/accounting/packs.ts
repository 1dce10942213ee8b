import { orderOfConsumption, type Pack } from '../ledger/volume.ts';
import type { Refund } from '../ledger/withdraw.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** What was added to a subscription and what is to be taken back. */
export interface Adjustments {
  /** In the order of consumption. */
  readonly packs: readonly Pack[];
  /** Pending ones, in the order in which they were booked. */
  readonly refunds: readonly Refund[];
}

const none: Adjustments = { packs: [], refunds: [] };

export async function loadAdjustmentState(
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<(subscriptionId: string, period: number) => Adjustments> {
  const rows = await selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('adjustments')
      .where('subscription_id', 'in', chunk)
      .where((row) => row.or([row('kind', '=', 'pack'), row('pending', '=', 1)]))
      .orderBy('created_at')
      .orderBy('id')
      .selectAll()
      .execute(),
  );
  const bySubscription = Map.groupBy(rows, (row) => row.subscription_id);
  return (id, period) => {
    const all = bySubscription.get(id);
    return all === undefined ? none : toAdjustments(all, period);
  };
}

function toAdjustments(rows: readonly Row<'adjustments'>[], period: number): Adjustments {
  const packs = rows
    .filter(({ kind }) => kind === 'pack')
    .map((row) => ({
      id: row.id,
      size: row.bytes - row.taken,
      spent: row.spent,
      expired: row.expired === 1,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
    }));
  return {
    packs: packs.sort(orderOfConsumption),
    refunds: rows
      .filter(({ pending }) => pending === 1)
      .map((row) => ({
        id: row.id,
        rest: row.bytes - row.taken - row.given_up,
        pack: row.pack_id,
        late: row.own_period !== period,
      })),
  };
}

/** Stores what was taken of packs, what refunds found, and which of those are over. */
export async function saveAdjustments(
  tx: Tx,
  before: Adjustments,
  after: Adjustments,
  isPending: (refund: Refund) => boolean,
): Promise<void> {
  for (const [n, { id, size }] of after.packs.entries()) {
    const taken = (before.packs[n] as Pack).size - size;
    if (taken > 0n) await addTaken(tx, id, taken);
  }
  for (const [n, refund] of after.refunds.entries()) {
    const taken = (before.refunds[n] as Refund).rest - refund.rest;
    if (taken > 0n) await addTaken(tx, refund.id, taken);
    if (isPending(refund)) continue;
    await tx.db.updateTable('adjustments').set({ pending: 0 }).where('id', '=', refund.id).execute();
  }
}

async function addTaken(tx: Tx, id: string, bytes: bigint): Promise<void> {
  await tx.db
    .updateTable('adjustments')
    .set((row) => ({ taken: row('taken', '+', bytes) }))
    .where('id', '=', id)
    .execute();
}
