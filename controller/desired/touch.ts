import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/** Something that nodes are told of these subscriptions' devices is another now. */
export async function touchDevices(tx: Tx, subscriptionIds: readonly string[]): Promise<void> {
  for (const chunk of chunks(subscriptionIds)) {
    await tx.db
      .updateTable('devices')
      .set({ revision: await tx.revision() })
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .execute();
  }
}

/** Something that nodes are told of the subscriptions themselves is another now. */
export async function touchSubscriptions(context: Context, tx: Tx, ids: readonly string[]): Promise<void> {
  for (const chunk of chunks(ids)) await turnLedger(context, tx, chunk, { touch: true });
}
