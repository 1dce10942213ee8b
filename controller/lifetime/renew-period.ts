import { rescheduleTurn } from '../accounting/reschedule.ts';
import type { Context } from '../books/context.ts';
import { periodAt } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { scheduleOf } from './schedule.ts';

/**
 * Begins the period of a subscription whose service had ended and goes on now. While it had ended, no period turned.
 * Periods in days are counted from now on: what was paid for is whole ones. A month is that of the calendar.
 */
export async function resumePeriods(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  tariff: Row<'tariffs'>,
): Promise<void> {
  const { id } = subscription;
  const now = context.clock.now();
  if (tariff.period_kind === 'days') {
    await tx.db.updateTable('subscriptions').set({ anchor_at: now }).where('id', '=', id).execute();
    return rescheduleTurn(context, tx, id, now);
  }
  const { ends_at } = await tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', id)
    .where('number', '=', subscription.period)
    .select('ends_at')
    .executeTakeFirstOrThrow();
  const schedule = scheduleOf(subscription, tariff);
  if (schedule === null || ends_at === null || ends_at > now) return;
  await rescheduleTurn(context, tx, id, periodAt(schedule, now).startsAt);
}
