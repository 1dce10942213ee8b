import { rescheduleTurn } from '../accounting/reschedule.ts';
import type { Context } from '../books/context.ts';
import { periodAt } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { isUnpaid, type Renewed } from './renewed-tariff.ts';
import { scheduleOf } from './schedule.ts';
import { haveSamePeriods } from './switch-tariff.ts';

/** Times are milliseconds since 1970. */
interface Resumed {
  /** In force before. */
  readonly tariff: Row<'tariffs'>;
  /** The one that waited for the next period, if one did. */
  readonly next?: Row<'tariffs'> | undefined;
  /** The one that was current. */
  readonly period: Renewed['period'];
  readonly now: number;
}

/**
 * Begins the next period of a subscription whose service had ended and goes on `now`. While it had ended, no period
 * turned. Periods in days are counted from now on: what was paid for is whole ones. A month is that of the calendar.
 * Where another tariff waited for the period, it is in force in it. Of one that nobody paid for nothing is carried over.
 *
 * @param subscription as it was before the renewal, with which the next period begins (`beginsNext`)
 */
export async function resumePeriods(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  { tariff, next = tariff, period, now }: Resumed,
): Promise<void> {
  const { id, expires_at: expiresAt } = subscription;
  const schedule = scheduleOf(subscription, tariff);
  const goesOn = tariff.period_kind === 'month' && haveSamePeriods(tariff, next);
  const month = goesOn && schedule !== null ? periodAt(schedule, now) : undefined;
  if (month === undefined) {
    await tx.db.updateTable('subscriptions').set({ anchor_at: now }).where('id', '=', id).execute();
  }
  await rescheduleTurn(context, tx, id, month?.startsAt ?? now, {
    forfeits: isUnpaid({ expiresAt, period }),
  });
}

/** The one in which it is. */
export function currentPeriodOf(
  tx: Tx,
  { id, period }: Pick<Row<'subscriptions'>, 'id' | 'period'>,
): Promise<Renewed['period']> {
  return tx.db
    .selectFrom('periods')
    .where('subscription_id', '=', id)
    .where('number', '=', period)
    .select(['number', 'starts_at as startsAt', 'ends_at as endsAt'])
    .executeTakeFirstOrThrow();
}
