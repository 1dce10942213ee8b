import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/** Ids of all that goes together. */
export interface Erased {
  readonly accounts: readonly string[];
  readonly subscriptions: readonly string[];
  readonly devices: readonly string[];
}

/** Deletes every row that is of them, children first. */
export async function deleteOf(tx: Tx, { accounts, subscriptions, devices }: Erased): Promise<void> {
  const { db } = tx;
  for (const ids of chunks(devices)) {
    await db
      .deleteFrom('deliveries')
      .where('event_id', 'in', eventsOf(tx, 'device_id', ids))
      .execute();
    await db.deleteFrom('events').where('device_id', 'in', ids).execute();
    await db.deleteFrom('usage').where('device_id', 'in', ids).execute();
    await db.deleteFrom('departures').where('device_id', 'in', ids).execute();
  }
  for (const ids of chunks(subscriptions)) {
    await db.deleteFrom('deliveries').where('subject', 'in', ids).execute();
    await db
      .deleteFrom('deliveries')
      .where('event_id', 'in', eventsOf(tx, 'subscription_id', ids))
      .execute();
    await db.deleteFrom('events').where('subscription_id', 'in', ids).execute();
    for (const table of ['grants', 'usage_days', 'adjustments', 'renewals', 'periods', 'devices'] as const) {
      await db.deleteFrom(table).where('subscription_id', 'in', ids).execute();
    }
    await db.deleteFrom('subscriptions').where('id', 'in', ids).execute();
  }
  for (const ids of chunks(accounts)) {
    await db.deleteFrom('audit_keys').where('account_id', 'in', ids).execute();
    await db.deleteFrom('accounts').where('id', 'in', ids).execute();
  }
}

function eventsOf({ db }: Tx, column: 'device_id' | 'subscription_id', ids: string[]) {
  return db.selectFrom('events').where(column, 'in', ids).select('id');
}
