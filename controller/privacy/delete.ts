import { sql } from 'kysely';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/** Ids of all that goes together. */
export interface Erased {
  readonly accounts: readonly string[];
  readonly subscriptions: readonly string[];
  readonly devices: readonly string[];
}

/** Deletes every row that is of them, children first. What they added to budgets and what was told of them is settled. */
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
    await keepBudgets(tx, ids);
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

/** What a reseller's key has added stays added. */
async function keepBudgets({ db }: Tx, subscriptions: readonly string[]): Promise<void> {
  await sql`UPDATE api_keys SET erased_spent_bytes = erased_spent_bytes + spent.bytes
    FROM (SELECT api_key_id, sum(bytes) AS bytes FROM adjustments
      WHERE api_key_id IS NOT NULL AND subscription_id IN (${sql.join(subscriptions)}) GROUP BY api_key_id) AS spent
    WHERE api_keys.id = spent.api_key_id`.execute(db);
}
