import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { findSubscription } from './find.ts';
import { noPeriod } from './usage.ts';
import type { DailyUsage, UsageDay } from './views.ts';

/** Of the current period, unless told. */
export function getDailyUsage(
  { store }: Context,
  subscriptionId: string,
  input: { period?: number } = {},
): Promise<DailyUsage> {
  return store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, subscriptionId);
    const period = input.period ?? subscription.period;
    if (period > subscription.period) throw noPeriod(subscription, period);
    const days = await loadDays(tx, subscriptionId, period);
    const usedBytes = await loadUsed(tx, subscriptionId, period);
    const kept = days.reduce((sum, { uploadBytes, downloadBytes }) => sum + uploadBytes + downloadBytes, 0n);
    const { time_zone: timeZone } = subscription;
    return { subscriptionId, period, timeZone, usedBytes, olderBytes: usedBytes - kept, days };
  });
}

async function loadDays(tx: Tx, subscriptionId: string, period: number): Promise<UsageDay[]> {
  const rows = await tx.db
    .selectFrom('usage_days')
    .innerJoin('nodes', 'nodes.id', 'usage_days.node_id')
    .where('subscription_id', '=', subscriptionId)
    .where('period', '=', period)
    .select(['day', 'nodes.id', 'nodes.name', 'upload as uploadBytes', 'download as downloadBytes'])
    .orderBy('day')
    .orderBy('nodes.created_at')
    .orderBy('nodes.id')
    .execute();
  return [...Map.groupBy(rows, ({ day }) => day)].map(([day, nodes]) => ({
    day,
    uploadBytes: nodes.reduce((sum, { uploadBytes }) => sum + uploadBytes, 0n),
    downloadBytes: nodes.reduce((sum, { downloadBytes }) => sum + downloadBytes, 0n),
    nodes: nodes.map(({ id, name, uploadBytes, downloadBytes }) => ({
      id,
      name,
      uploadBytes,
      downloadBytes,
    })),
  }));
}

async function loadUsed(tx: Tx, subscriptionId: string, period: number): Promise<bigint> {
  const { used } = await tx.db
    .selectFrom('grants')
    .where('subscription_id', '=', subscriptionId)
    .where('period', '=', period)
    .select((row) => row.fn.sum<bigint | null>('used').as('used'))
    .executeTakeFirstOrThrow();
  return used ?? 0n;
}
