import { addMissingGrants } from '../accounting/grant-rows.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** Into another group. */
export async function move(context: Context, tx: Tx, node: Row<'nodes'>, groupId: string): Promise<void> {
  const revision = await tx.revision();
  // What it is to let go, and what it is to hold though its revision is old: the floor makes it ask for everything.
  await tx.db
    .deleteFrom('departures')
    .where('node_id', '=', node.id)
    .where('device_id', 'in', (row) =>
      row
        .selectFrom('devices')
        .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
        .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
        .where('tariffs.group_id', '=', groupId)
        .select('devices.id'),
    )
    .execute();
  const departing = await tx.db
    .selectFrom('devices')
    .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('tariffs.group_id', '=', node.group_id)
    .where('devices.removed_at', 'is', null)
    .select('devices.id')
    .execute();
  for (const chunk of chunks(departing)) {
    await tx.db
      .insertInto('departures')
      .values(chunk.map(({ id }) => ({ node_id: node.id, device_id: id, revision })))
      .execute();
  }
  await tx.db
    .updateTable('nodes')
    .set({ group_id: groupId, floor_revision: revision })
    .where('id', '=', node.id)
    .execute();
  await addMissingGrants(tx, { nodeId: node.id });
  // Both groups' subscriptions: what the old ones had here is recalled, the new ones get their allowances.
  const rows = await tx.db
    .selectFrom('grants')
    .where('node_id', '=', node.id)
    .where('incarnation', '=', node.incarnation)
    .select('subscription_id')
    .distinct()
    .execute();
  await turnLedger(
    context,
    tx,
    rows.map((row) => row.subscription_id),
  );
  tx.afterCommit(() => context.seats.nodeTurned(node.id));
}
