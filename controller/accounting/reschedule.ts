import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { turnPeriod } from './begin-period.ts';
import { endPeriodAt } from './end-period.ts';
import { turnLedger } from './turn.ts';

/**
 * Ends the current period of a subscription at another time, at once where that is over; the next one begins then, also
 * where it was opened already. null: it has no end.
 */
export async function rescheduleTurn(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  endsAt: number | null,
): Promise<void> {
  const { period } = await tx.db
    .selectFrom('subscriptions')
    .where('id', '=', subscriptionId)
    .select('period')
    .executeTakeFirstOrThrow();
  await endPeriodAt(context, tx, subscriptionId, period, endsAt);
  await turnLedger(context, tx, [subscriptionId], { touch: true });
  if (endsAt !== null && endsAt <= context.clock.now()) {
    await turnPeriod(context, tx, subscriptionId, context.clock.now());
  }
}
