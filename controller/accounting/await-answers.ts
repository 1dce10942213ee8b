import { Wake } from '../../common/wake.ts';
import type { Context } from '../books/context.ts';

/** A node in contact answers a recall well within this. */
const patienceMs = 2_000;

/** Resolves when a refund is over, when all nodes in contact have answered their recalls, or after two seconds. */
export async function awaitAnswers(
  context: Context,
  subscriptionId: string,
  adjustmentId: string,
): Promise<void> {
  const { clock, moved } = context;
  const late = new AbortController();
  const answered = new AbortController();
  const wake = new Wake();
  const stop = moved.add((ids) => {
    if (ids.includes(subscriptionId)) wake.set();
  });
  const patience = clock.sleep(patienceMs, answered.signal).then(() => late.abort());
  try {
    while (!late.signal.aborted && (await isAwaited(context, subscriptionId, adjustmentId))) {
      await wake.wait(late.signal);
    }
  } finally {
    stop();
    answered.abort();
    await patience;
  }
}

function isAwaited({ live, store }: Context, subscriptionId: string, adjustmentId: string): Promise<boolean> {
  return store.transaction(async (tx) => {
    const refund = await tx.db
      .selectFrom('adjustments')
      .where('id', '=', adjustmentId)
      .where('pending', '=', 1)
      .select('id')
      .executeTakeFirst();
    if (refund === undefined) return false;
    const recalled = await tx.db
      .selectFrom('grants')
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .where('grants.subscription_id', '=', subscriptionId)
      .whereRef('grants.period', '=', 'subscriptions.period')
      .whereRef('recall_answered', '<', 'recall')
      .select('node_id')
      .execute();
    return recalled.some((row) => live.connected(row.node_id));
  });
}
