import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { larger, smaller } from '../ledger/bigint.ts';
import { claimedBytes } from '../ledger/row.ts';
import type { Tx } from '../store/store.ts';
import { loadBooks, rowsOf } from './book.ts';
import { periodEndOf } from './period-end.ts';
import type { StoredPeriod } from './periods.ts';
import { turnLedger } from './turn.ts';

/**
 * Sells another volume for the current period of a subscription, or for the next one where that is open already (the
 * volume of a period that is not open is its tariff's). null: unlimited. Of a lower one, what is free goes at once, and
 * what nodes hold when they give it back; what was used is never taken. For the next period its end is set anew, too.
 */
export async function changeVolume(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  newVolume: bigint | null,
  when: 'now' | 'next-period',
): Promise<void> {
  const [book] = await loadBooks(tx, [subscriptionId]);
  const number = (book?.subscription.period ?? 0) + (when === 'now' ? 0 : 1);
  const period = book?.periods.find((one) => one.number === number);
  if (book === undefined || period === undefined) return;
  const claimed = rowsOf(book, number).reduce((sum, row) => sum + claimedBytes(row), 0n);
  const { starts_at } = await tx.db
    .updateTable('periods')
    .set(when === 'now' ? now(period, newVolume) : beforehand(newVolume, claimed))
    .where('subscription_id', '=', subscriptionId)
    .where('number', '=', number)
    .returning('starts_at')
    .executeTakeFirstOrThrow();
  if (when === 'now') await leaveOldVolume(tx, subscriptionId);
  else {
    await tx.db
      .updateTable('periods')
      .set({ ends_at: await periodEndOf(context, tx, subscriptionId, starts_at) })
      .where('subscription_id', '=', subscriptionId)
      .where('number', '=', number)
      .execute();
  }
  const old = period.volume;
  const lower = old !== null && newVolume !== null && newVolume < old;
  await turnLedger(context, tx, [subscriptionId], { touch: true, reclaim: lower, rearm: !lower });
}

/**
 * What was taken back of the old volume goes with it: the new one is sold in full. The ledger takes a reduction as far
 * as it is free, now and whenever something comes back.
 */
function now({ volume, carriedIn, withdrawn: taken }: StoredPeriod, newVolume: bigint | null) {
  // What was carried in is consumed last, and so was taken back first.
  const withdrawn = smaller(taken, carriedIn);
  const left = volume === null ? null : volume - (taken - withdrawn);
  if (left === null || newVolume === null || newVolume >= left) {
    return { volume: newVolume, withdrawn, reduction: 0n };
  }
  return { volume: left, withdrawn, reduction: left - newVolume };
}

/** What refunds of the old volume have not found yet: of packs at most. */
async function leaveOldVolume(tx: Tx, subscriptionId: string): Promise<void> {
  await tx.db
    .updateTable('adjustments')
    .set({ own_period: null })
    .where('subscription_id', '=', subscriptionId)
    .where('pending', '=', sql.lit(1))
    .execute();
}

/** Nothing can be recalled before it has begun: what nodes hold of it beforehand stays until then. */
function beforehand(newVolume: bigint | null, claimed: bigint) {
  if (newVolume === null) return { volume: null, reduction: 0n };
  const volume = larger(newVolume, claimed);
  return { volume, reduction: volume - newVolume };
}
