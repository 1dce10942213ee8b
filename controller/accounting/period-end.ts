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
    .where('subscriptions.id', '=', subscriptionId)
    .select([
      'tariffs.period_kind as kind',
      'tariffs.period_days as days',
      'subscriptions.time_zone as timeZone',
      'subscriptions.anchor_at as anchor',
    ])
    .executeTakeFirstOrThrow();
  return periodAt({ ...row, anchor: row.anchor ?? startsAt }, startsAt).endsAt;
};
