import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { periodEndOf } from './period-end.ts';

/**
 * Says when a period ends; the next one begins then, also where it was opened already. null: nobody knows, or never.
 * Where it would end before it starts (the clock was ahead then), it starts then, too.
 */
export async function endPeriodAt(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  number: number,
  endsAt: number | null,
): Promise<void> {
  const period = (number: number) =>
    tx.db.updateTable('periods').where('subscription_id', '=', subscriptionId).where('number', '=', number);
  const usable_from = sql<number>`min(usable_from, ${endsAt})`;
  const starts = endsAt === null ? {} : { starts_at: sql<number>`min(starts_at, ${endsAt})`, usable_from };
  await period(number)
    .set({ ends_at: endsAt, ...starts })
    .execute();
  if (endsAt === null) return;
  const nextEndsAt = await periodEndOf(context, tx, subscriptionId, endsAt);
  await period(number + 1)
    // A node that is away may have turned when it was told before.
    .set({ starts_at: endsAt, ends_at: nextEndsAt, usable_from })
    .execute();
}
