import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { periodEndOf } from './period-end.ts';

/** Says when a period ends; the next one begins then, also where it was opened already. null: nobody knows, or never. */
export async function endPeriodAt(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  number: number,
  endsAt: number | null,
): Promise<void> {
  const period = (number: number) =>
    tx.db.updateTable('periods').where('subscription_id', '=', subscriptionId).where('number', '=', number);
  await period(number).set({ ends_at: endsAt }).execute();
  if (endsAt === null) return;
  const nextEndsAt = await periodEndOf(context, tx, subscriptionId, endsAt);
  await period(number + 1)
    .set({ starts_at: endsAt, ends_at: nextEndsAt })
    .execute();
}
