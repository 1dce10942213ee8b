import type { Context } from '../books/context.ts';
import type { Reason, Subscription } from '../catalogue/views.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

interface SeatHolder {
  readonly id: string;
  readonly subscription_id: string;
  readonly label: string | null;
}

/** Why a device is parked, or would be, were it not for observe. */
export function seatReasons(
  { clock, seats }: Context,
  subscription: Subscription,
  deviceId: string,
  holders: ReadonlyMap<string, readonly SeatHolder[]>,
): Reason[] {
  const { id, maxConnections } = subscription;
  const { parkedAt, punishedUntil } = seats.memory(deviceId);
  const takenBy = holders.get(id) ?? [];
  if (maxConnections === null || parkedAt === undefined) return [];
  const common = { since: parkedAt, nodes: null };
  if (punishedUntil !== undefined) {
    const seconds = Math.max(1, Math.ceil((punishedUntil - clock.monotonic()) / 1000));
    return [
      {
        ...common,
        code: 'shared-key',
        text: `its key is used on two devices at once, which counts as two connections, and the tariff has ${maxConnections}`,
        mend: `it opens by itself within ${seconds} s; give each device a configuration of its own: turnpike device add ${id}`,
      },
    ];
  }
  const names = takenBy.map((holder) =>
    holder.label === null ? holder.id : `${holder.label} (${holder.id})`,
  );
  return [
    {
      ...common,
      code: 'seat',
      text: `all ${maxConnections} connections of the tariff are taken, by ${names.join(', ')}`,
      mend: 'a seat is free 60 s after the last traffic of who holds it; at once after: turnpike device remove DEVICE; or sell a tariff with more connections',
    },
  ];
}

/** Seen on one node, or by upload on two. */
export function isSharedKey({ live, seats }: Context, deviceId: string): boolean {
  return seats.memory(deviceId).overlap.sharedUntil !== undefined || live.isShared(deviceId);
}

/** By subscription. */
export async function loadSeatHolders(
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<Map<string, SeatHolder[]>> {
  const rows = await selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .where('seat_node_id', 'is not', null)
      .orderBy('created_at')
      .orderBy('id')
      .select(['id', 'subscription_id', 'label'])
      .execute(),
  );
  return Map.groupBy(rows, (row) => row.subscription_id);
}
