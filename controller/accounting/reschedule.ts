import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { type TurnTerms, turnPeriod } from './begin-period.ts';
import { endPeriodAt } from './end-period.ts';
import { turnLedger } from './turn.ts';

/**
 * Ends the current period of a subscription at another time, at once where that is over; the next one begins then, also
 * where it was opened already. null: it has no end. One that is over is not put off: nodes have left it by themselves.
 */
export async function rescheduleTurn(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  endsAt: number | null,
  terms: TurnTerms = {},
): Promise<void> {
  const { period, ends_at } = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('periods', (join) =>
      join
        .onRef('periods.subscription_id', '=', 'subscriptions.id')
        .onRef('periods.number', '=', 'subscriptions.period'),
    )
    .where('subscriptions.id', '=', subscriptionId)
    .select(['subscriptions.period', 'periods.ends_at'])
    .executeTakeFirstOrThrow();
  const now = context.clock.now();
  if (ends_at !== null && ends_at <= now && (endsAt === null || endsAt > now)) return;
  await endPeriodAt(context, tx, subscriptionId, period, endsAt);
  await turnLedger(context, tx, [subscriptionId], { touch: true });
  if (endsAt !== null && endsAt <= now) await turnPeriod(context, tx, subscriptionId, now, terms);
}
