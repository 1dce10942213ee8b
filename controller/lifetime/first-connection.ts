import { dateFirstPeriod } from '../accounting/begin-period.ts';
import type { Context } from '../books/context.ts';
import { addDays, nextMidnight } from '../calendar/time-zone.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/**
 * Starts those that wait for their first connection; called with the subscriptions of which usage was just booked.
 *
 * No time finer than a day is kept of anybody's traffic, and the moment of the first connection would be one. So the
 * duration counts from the coming local midnight of the subscription's time zone, and until then it goes on waiting,
 * open: what the customer uses before is in the first period, and the rest of the day is a gift. An expiry that was agreed
 * on and comes sooner is when it starts at the latest.
 */
export async function startAtFirstUse(context: Context, tx: Tx, ids: readonly string[]): Promise<void> {
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .where('subscriptions.id', 'in', chunk)
      .where('phase', '=', 'waiting')
      .where('starts_at', 'is', null)
      .select(['subscriptions.id', 'time_zone', 'expires_at', 'tariffs.duration_days'])
      .execute(),
  );
  for (const row of rows) {
    const midnight = nextMidnight(context.clock.now(), row.time_zone);
    const startsAt = Math.min(midnight, row.expires_at ?? midnight);
    const expiresAt =
      row.expires_at ??
      (row.duration_days === null ? null : addDays(startsAt, row.duration_days, row.time_zone));
    await tx.db
      .updateTable('subscriptions')
      .set({ starts_at: startsAt, anchor_at: startsAt, expires_at: expiresAt })
      .where('id', '=', row.id)
      .execute();
    await dateFirstPeriod(context, tx, row.id, startsAt);
  }
}
