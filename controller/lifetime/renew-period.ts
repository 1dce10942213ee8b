import { rescheduleTurn } from '../accounting/reschedule.ts';
import type { Context } from '../books/context.ts';
import { periodAt } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { scheduleOf } from './schedule.ts';

/**
 * Begins the period of a subscription whose service had ended and goes on `now`. While it had ended, no period turned.
 * Periods in days are counted from now on: what was paid for is whole ones. A month is that of the calendar. One that
 * never was connected goes on waiting in its first period. Says whether one began, with its volume.
 *
 * @param subscription as it was before the renewal
 */
export async function resumePeriods(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  { tariff, now }: { readonly tariff: Row<'tariffs'>; readonly now: number },
): Promise<boolean> {
  const { id } = subscription;
  const schedule = scheduleOf(subscription, tariff);
  if (schedule === null) return false;
  if (tariff.period_kind === 'days') {
    await tx.db.updateTable('subscriptions').set({ anchor_at: now }).where('id', '=', id).execute();
    return begin(context, tx, subscription, now);
  }
  const { ends_at } = await currentPeriodOf(tx, subscription);
  if (ends_at === null || ends_at > now) return false;
  return begin(context, tx, subscription, periodAt(schedule, now).startsAt);
}

async function begin(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  startsAt: number,
): Promise<boolean> {
  const { starts_at } = await currentPeriodOf(tx, subscription);
  const { id, expires_at } = subscription;
  // Of a period that began in the grace nobody paid for the volume.
  const forfeits = expires_at !== null && starts_at >= expires_at;
  await rescheduleTurn(context, tx, id, startsAt, { forfeits });
  return true;
}

function currentPeriodOf(tx: Tx, { id, period }: Row<'subscriptions'>) {
  return tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', id)
    .where('number', '=', period)
    .select(['starts_at', 'ends_at'])
    .executeTakeFirstOrThrow();
}
