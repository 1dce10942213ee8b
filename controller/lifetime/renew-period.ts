import { rescheduleTurn } from '../accounting/reschedule.ts';
import type { Context } from '../books/context.ts';
import { periodAt } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { scheduleOf } from './schedule.ts';
import { haveSamePeriods } from './switch-tariff.ts';

/**
 * Begins the next period of a subscription whose service had ended and goes on `now`. While it had ended, no period
 * turned. Periods in days are counted from now on: what was paid for is whole ones. A month is that of the calendar.
 * Where another tariff waited for the period, it is in force in it.
 *
 * @param subscription as it was before the renewal, with which the next period begins (`beginsNext`)
 */
export async function resumePeriods(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  { tariff, next = tariff, now }: { tariff: Row<'tariffs'>; next?: Row<'tariffs'> | undefined; now: number },
): Promise<void> {
  const schedule = scheduleOf(subscription, tariff);
  const goesOn = tariff.period_kind === 'month' && haveSamePeriods(tariff, next);
  if (goesOn && schedule !== null) {
    await begin(context, tx, subscription, periodAt(schedule, now).startsAt);
    return;
  }
  await tx.db
    .updateTable('subscriptions')
    .set({ anchor_at: now })
    .where('id', '=', subscription.id)
    .execute();
  await begin(context, tx, subscription, now);
}

async function begin(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  startsAt: number,
): Promise<void> {
  const { starts_at } = await currentPeriodOf(tx, subscription);
  const { id, expires_at } = subscription;
  // Of a period that began in the grace nobody paid for the volume.
  const forfeits = expires_at !== null && starts_at >= expires_at;
  await rescheduleTurn(context, tx, id, startsAt, { forfeits });
}

/** The one in which it is. */
export function currentPeriodOf(tx: Tx, { id, period }: Pick<Row<'subscriptions'>, 'id' | 'period'>) {
  return tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', id)
    .where('number', '=', period)
    .select(['number', 'starts_at', 'ends_at'])
    .executeTakeFirstOrThrow();
}
