import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { Renewal } from './views.ts';

/** Of one subscription, in the order in which they were booked. */
export async function loadRenewals(tx: Tx, subscriptionId: string): Promise<Renewal[]> {
  const rows = await tx.db
    .selectFrom('renewals')
    .where('subscription_id', '=', subscriptionId)
    .selectAll()
    .orderBy('created_at')
    .orderBy('reference')
    .execute();
  return rows.map(toRenewal);
}

export function toRenewal(row: Row<'renewals'>): Renewal {
  return {
    subscriptionId: row.subscription_id,
    reference: row.reference,
    periods: row.periods,
    fromAt: row.from_at,
    untilAt: row.until_at,
    createdAt: row.created_at,
  };
}
