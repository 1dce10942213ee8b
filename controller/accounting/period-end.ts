import type { Tx } from '../store/store.ts';

/** When the period of a subscription ends that begins at `startsAt`; null: never. */
export type PeriodEnd = (tx: Tx, subscriptionId: string, startsAt: number) => Promise<number | null>;

export const byTariff: PeriodEnd = async (tx, subscriptionId, startsAt) => {
  const { period_kind, period_days } = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select(['tariffs.period_kind', 'tariffs.period_days'])
    .executeTakeFirstOrThrow();
  return period_kind === 'once' ? null : startsAt + (period_days ?? 30) * 86_400_000;
};
