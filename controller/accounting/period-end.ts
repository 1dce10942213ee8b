import { periodAt } from '../calendar/period.ts';
import type { Tx } from '../store/store.ts';

/** When the period of a subscription ends that begins at `startsAt`; null: never. */
export type PeriodEnd = (tx: Tx, subscriptionId: string, startsAt: number) => Promise<number | null>;

/** By the tariff that is in force then, in the subscription's time zone. */
export const byCalendar: PeriodEnd = async (tx, subscriptionId, startsAt) => {
  const row = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', (join) =>
      join.on((row) =>
        row('tariffs.id', '=', row.fn.coalesce('subscriptions.next_tariff_id', 'subscriptions.tariff_id')),
      ),
    )
    .innerJoin('tariffs as before', 'before.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select([
      'before.period_kind as kindBefore',
      'before.period_days as daysBefore',
      'tariffs.period_kind as kind',
      'tariffs.period_days as days',
      'subscriptions.time_zone as timeZone',
      'subscriptions.anchor_at as anchor',
    ])
    .executeTakeFirstOrThrow();
  const { kind, days, timeZone, anchor } = row;
  // Another length counts from where it is first in force.
  const goesOn = kind === row.kindBefore && days === row.daysBefore;
  return periodAt({ kind, days, timeZone, anchor: (goesOn ? anchor : null) ?? startsAt }, startsAt).endsAt;
};
