import type { Schedule } from '../calendar/period.ts';
import type { Row } from '../store/schema.ts';

/** How a subscription's life is cut into periods; null while it waits for its first connection. */
export function scheduleOf(
  subscription: Pick<Row<'subscriptions'>, 'anchor_at' | 'time_zone'>,
  tariff: Pick<Row<'tariffs'>, 'period_kind' | 'period_days'>,
): Schedule | null {
  if (subscription.anchor_at === null) return null;
  return {
    kind: tariff.period_kind,
    days: tariff.period_days,
    anchor: subscription.anchor_at,
    timeZone: subscription.time_zone,
  };
}
