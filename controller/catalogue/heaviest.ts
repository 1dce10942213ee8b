import { sharedKeyDevices } from '../access/seat-reasons.ts';
import type { Context } from '../books/context.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { loadSubscriptions } from './subscription-view.ts';
import type { Heaviest } from './views.ts';

/** Of one subscription, where it passes traffic now. */
interface Passing {
  readonly devices: Set<string>;
  readonly nodes: Set<string>;
  bytesPerSecond: bigint;
}

/** The subscriptions that pass most traffic now, by the rates that their nodes reported last. */
export function listHeaviest(context: Context, limit: number): Promise<Heaviest> {
  const { store, live } = context;
  return store.transaction(async (tx) => {
    const passing = await group(tx, live.passing());
    await addRates(tx, passing);
    const heaviest = [...passing]
      .sort(([, one], [, other]) => Number(other.bytesPerSecond - one.bytesPerSecond))
      .slice(0, limit);
    const names = await nodeNames(tx);
    const ids = heaviest.map(([id]) => id);
    const shared = await countByOwner(tx, sharedKeyDevices(context));
    const views = new Map((await loadSubscriptions(tx, ids)).map((view) => [view.id, view]));
    const items = heaviest.flatMap(([id, { devices, nodes, bytesPerSecond }]) => {
      const view = views.get(id);
      if (view === undefined) return [];
      const { accountReference, tariff, usedBytes, remainingBytes } = view;
      return [
        {
          ...{ subscriptionId: id, accountReference, tariff, bytesPerSecond, usedBytes, remainingBytes },
          devices: devices.size,
          sharedKeys: shared.get(id) ?? 0,
          nodes: [...nodes].map((node) => names.get(node) ?? node),
        },
      ];
    });
    return { passing: passing.size, items };
  });
}

async function group(
  tx: Tx,
  passing: readonly { nodeId: string; deviceId: string }[],
): Promise<Map<string, Passing>> {
  const subscriptions = await loadOwners(
    tx,
    passing.map(({ deviceId }) => deviceId),
  );
  const grouped = new Map<string, Passing>();
  for (const { nodeId, deviceId } of passing) {
    const subscription = subscriptions.get(deviceId);
    if (subscription === undefined) continue;
    const one = grouped.get(subscription) ?? { devices: new Set(), nodes: new Set(), bytesPerSecond: 0n };
    one.devices.add(deviceId);
    one.nodes.add(nodeId);
    grouped.set(subscription, one);
  }
  return grouped;
}

async function countByOwner(tx: Tx, deviceIds: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const owner of (await loadOwners(tx, deviceIds)).values()) {
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

/** Subscriptions by device. */
async function loadOwners(tx: Tx, deviceIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await selectInChunks([...new Set(deviceIds)], (some) =>
    tx.db.selectFrom('devices').where('id', 'in', some).select(['id', 'subscription_id']).execute(),
  );
  return new Map(rows.map((row) => [row.id, row.subscription_id]));
}

/** Only of nodes on which it passes traffic: others keep the rate of when it last did. */
async function addRates(tx: Tx, passing: ReadonlyMap<string, Passing>): Promise<void> {
  const rows = await selectInChunks([...passing.keys()], (some) =>
    tx.db
      .selectFrom('grants')
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .whereRef('grants.period', '=', 'subscriptions.period')
      .where('grants.subscription_id', 'in', some)
      .where('ended', '=', 0)
      .select(['grants.subscription_id', 'node_id', 'rate'])
      .execute(),
  );
  for (const { subscription_id: id, node_id: node, rate } of rows) {
    const one = passing.get(id);
    if (one?.nodes.has(node)) one.bytesPerSecond += rate;
  }
}

async function nodeNames(tx: Tx): Promise<Map<string, string>> {
  const rows = await tx.db.selectFrom('nodes').select(['id', 'name']).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}
