import type { Context } from '../books/context.ts';
import type { Reason, Subscription } from '../catalogue/views.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { describeCause } from './reason-words.ts';
import { nameDevice, type SeatUse } from './seat-words.ts';

/** Of one subscription. */
export type SeatsTaken = Pick<SeatUse, 'holders' | 'policy'> & {
  /** What a shared key leads to. */
  readonly sharedKey: Row<'tariffs'>['shared_key'];
};

/** Why a device is parked, or would be, were it not for observe. */
export function seatReasons(
  context: Context,
  subscription: Subscription,
  deviceId: string,
  taken: ReadonlyMap<string, SeatsTaken>,
): Reason[] {
  const { clock, live, seats } = context;
  const { id, maxConnections } = subscription;
  const { parkedAt, punishedUntil } = seats.memory(deviceId);
  if (maxConnections === null || parkedAt === undefined) return [];
  const subject = { subscriptionId: id, deviceId };
  if (punishedUntil !== undefined) {
    // While a node says so, each end is followed by the next beginning.
    const until = live.isShared(deviceId) ? null : clock.now() + punishedUntil - clock.monotonic();
    const cause = { code: 'shared-key', since: parkedAt, until } as const;
    return [describeCause(cause, subject)];
  }
  const { holders = [], policy = 'reject-new', sharedKey } = taken.get(id) ?? {};
  const needTwo = sharedKey === 'count' && isSharedKey(context, deviceId) ? [deviceId] : [];
  const cause = { code: 'seat', since: parkedAt, limit: maxConnections, holders, policy, needTwo } as const;
  return [describeCause(cause, subject)];
}

/** Seen on one node, or by upload on two; and for as long as it is parked for that, when nothing of it can be seen. */
export function isSharedKey({ live, seats }: Context, deviceId: string): boolean {
  const { overlap, punishedUntil } = seats.memory(deviceId);
  return overlap.sharedUntil !== undefined || punishedUntil !== undefined || live.isShared(deviceId);
}

/** Ids of the devices of which {@link isSharedKey} holds. */
export function sharedKeyDevices(context: Context): string[] {
  const { live, seats } = context;
  return [...new Set([...live.sharedDevices(), ...seats.remembered()])].filter((id) =>
    isSharedKey(context, id),
  );
}

/** By subscription, of those of which devices hold seats. */
export async function loadSeatsTaken(
  context: Context,
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<Map<string, SeatsTaken>> {
  const rows = await selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('devices')
      .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .innerJoin('nodes', 'nodes.id', 'devices.seat_node_id')
      .where('subscription_id', 'in', chunk)
      .where('devices.removed_at', 'is', null)
      .orderBy('devices.created_at')
      .orderBy('devices.id')
      .select(['devices.id', 'subscription_id', 'label', 'seat_policy', 'shared_key'])
      .select(['nodes.id as node_id', 'nodes.name as node'])
      .execute(),
  );
  const grouped = Map.groupBy(rows, (row) => row.subscription_id);
  return new Map(
    [...grouped].map(([id, of]) => {
      const { seat_policy: policy = 'reject-new', shared_key: sharedKey = 'notify' } = of[0] ?? {};
      const holders = of.map((row) => ({
        id: row.id,
        name: nameDevice(row),
        countsTwice: sharedKey === 'count' && isSharedKey(context, row.id),
        awayNode: context.live.connected(row.node_id) ? null : row.node,
      }));
      return [id, { holders, policy, sharedKey }];
    }),
  );
}
