import { type DeviceState, decideAccess, deviceReasons } from '../access/reasons.ts';
import { isSharedKey, loadSeatsTaken, seatReasons } from '../access/seat-reasons.ts';
import type { Context } from '../books/context.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { loadSubscriptions } from './subscription-view.ts';
import { loadSuccessors, type Successor } from './successor.ts';
import type { Device, DeviceStatus } from './views.ts';

/** As shown, in the order of the ids. */
export async function loadDevices(context: Context, tx: Tx, ids: readonly string[]): Promise<Device[]> {
  const rows = new Map(
    (
      await selectInChunks(ids, (chunk) =>
        tx.db.selectFrom('devices').where('id', 'in', chunk).selectAll().execute(),
      )
    ).map((row) => [row.id, row]),
  );
  const owners = [...new Set([...rows.values()].map((row) => row.subscription_id))];
  const subscriptions = new Map((await loadSubscriptions(tx, owners)).map((one) => [one.id, one]));
  const usage = new Map((await loadUsage(tx, ids)).map((row) => [row.device_id, row]));
  const nodes = new Map(
    (await tx.db.selectFrom('nodes').select(['id', 'name']).execute()).map(({ id, name }) => [id, name]),
  );
  const successors = await loadSuccessors(tx, [...rows.values()]);
  const seatsTaken = await loadSeatsTaken(context, tx, owners);
  return ids.flatMap((id) => {
    const row = rows.get(id);
    const subscription = row && subscriptions.get(row.subscription_id);
    if (row === undefined || subscription === undefined) return [];
    const successor = successors.get(id) ?? null;
    const inherited = [...subscription.access.reasons, ...subscription.access.wouldClose];
    return {
      id,
      subscriptionId: row.subscription_id,
      status: statusOf(row),
      replacedBy: successor?.id ?? null,
      publicKey: row.public_key,
      address4: row.address4,
      address6: row.address6,
      label: row.label,
      platform: row.platform,
      access: decideAccess(
        deviceReasons(stateOf(row, successor), [
          ...inherited,
          ...seatReasons(context, subscription, id, seatsTaken),
        ]),
        subscription.enforcement,
      ),
      connectedNodes: context.live.nodesOf(id).flatMap((nodeId) => nodes.get(nodeId) ?? []),
      seatNode: (row.seat_node_id !== null && nodes.get(row.seat_node_id)) || null,
      sharedKey: isSharedKey(context, id),
      lastSeenDay: row.last_seen_day,
      uploadBytes: usage.get(id)?.upload ?? 0n,
      downloadBytes: usage.get(id)?.download ?? 0n,
      createdAt: row.created_at,
      removedAt: row.removed_at,
    };
  });
}

function stateOf(row: Row<'devices'>, successor: Successor | null): DeviceState {
  const { id, subscription_id: subscriptionId, removed_at: removedAt } = row;
  return { id, subscriptionId, removedAt, successor };
}

function statusOf(row: Row<'devices'>): DeviceStatus {
  if (row.removed_at === null) return 'active';
  return row.replaced_by === null ? 'revoked' : 'replaced';
}

/** @throws when there is none: callers have just found it. */
export async function loadDevice(context: Context, tx: Tx, id: string): Promise<Device> {
  return (await loadDevices(context, tx, [id]))[0] as Device;
}

function loadUsage(tx: Tx, ids: readonly string[]) {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('usage')
      .where('device_id', 'in', chunk)
      .groupBy('device_id')
      .select((row) => [
        'device_id',
        row.fn.sum<bigint>('upload').as('upload'),
        row.fn.sum<bigint>('download').as('download'),
      ])
      .execute(),
  );
}
