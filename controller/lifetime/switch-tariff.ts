import { addMissingGrants } from '../accounting/grant-rows.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { settlePhases } from './settle-phase.ts';

type TariffOf = Pick<Row<'tariffs'>, 'id' | 'group_id' | 'period_kind' | 'period_days'>;

/**
 * Gives a subscription another tariff: all its limits but the volume, and its group. `at`: from when on periods
 * are counted, where the other tariff's are others. Where the group is another one,
 * its devices leave the nodes of the old one and come to those of the new one; what the old nodes still hold of the
 * volume is recalled.
 */
export async function switchTariff(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  { from, to, at }: { from: TariffOf; to: TariffOf; at: number },
): Promise<void> {
  await tx.db
    .updateTable('subscriptions')
    .set({ tariff_id: to.id, next_tariff_id: null, ...(!haveSamePeriods(from, to) && { anchor_at: at }) })
    .where('id', '=', subscriptionId)
    .execute();
  if (from.group_id !== to.group_id) {
    await moveDevices(tx, subscriptionId, from.group_id, to.group_id);
    await addMissingGrants(tx, { subscriptionIds: [subscriptionId] });
  }
  await settlePhases(context, tx, [subscriptionId]);
}

/** The tariff that waited for the period which began at `startsAt`, if one did. */
export async function switchToNextTariff(
  context: Context,
  tx: Tx,
  subscriptionId: string,
  startsAt: number,
): Promise<void> {
  const tariffs = (column: 'tariff_id' | 'next_tariff_id') =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('tariffs', 'tariffs.id', `subscriptions.${column}`)
      .where('subscriptions.id', '=', subscriptionId)
      .selectAll('tariffs')
      .executeTakeFirst();
  const [from, to] = [await tariffs('tariff_id'), await tariffs('next_tariff_id')];
  if (from && to) await switchTariff(context, tx, subscriptionId, { from, to, at: startsAt });
}

export function haveSamePeriods(a: TariffOf, b: TariffOf): boolean {
  return a.period_kind === b.period_kind && a.period_days === b.period_days;
}

async function moveDevices(tx: Tx, subscriptionId: string, from: string, to: string): Promise<void> {
  const devices = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscriptionId)
    .where('removed_at', 'is', null)
    .select('id')
    .execute();
  if (devices.length === 0) return;
  const ids = devices.map(({ id }) => id);
  const nodesOf = (group: string) =>
    tx.db
      .selectFrom('nodes')
      .where('group_id', '=', group)
      .where('removed_at', 'is', null)
      .select('id')
      .execute();
  const revision = await tx.revision();
  for (const node of await nodesOf(to)) {
    await tx.db
      .deleteFrom('departures')
      .where('node_id', '=', node.id)
      .where('device_id', 'in', ids)
      .execute();
  }
  for (const node of await nodesOf(from)) {
    await tx.db
      .insertInto('departures')
      .values(ids.map((id) => ({ node_id: node.id, device_id: id, revision })))
      .onConflict((conflict) => conflict.columns(['node_id', 'device_id']).doUpdateSet({ revision }))
      .execute();
  }
}
