import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { turnPeriod } from './begin-period.ts';
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
  const ofPeriod = (number: number) =>
    tx.db.updateTable('periods').where('subscription_id', '=', subscriptionId).where('number', '=', number);
  await ofPeriod(period).set({ ends_at: endsAt }).execute();
  if (endsAt !== null) {
    const next = await context.periodEnd(tx, subscriptionId, endsAt);
    await ofPeriod(period + 1)
      .set({ starts_at: endsAt, ends_at: next })
      .execute();
  }
  await turnLedger(context, tx, [subscriptionId], { touch: true });
  if (endsAt !== null && endsAt <= context.clock.now()) {
    await turnPeriod(context, tx, subscriptionId, context.clock.now());
  }
}
