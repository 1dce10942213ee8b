import type { Context } from '../books/context.ts';
import type { Reason, Subscription } from '../catalogue/views.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { describeCause } from './reason-words.ts';

interface SeatHolder {
  readonly id: string;
  readonly subscription_id: string;
  readonly label: string | null;
  readonly seat_policy: 'reject-new' | 'evict-oldest';
}

/** Why a device is parked, or would be, were it not for observe. */
export function seatReasons(
  { clock, live, seats }: Context,
  subscription: Subscription,
  deviceId: string,
  holders: ReadonlyMap<string, readonly SeatHolder[]>,
): Reason[] {
  const { id, maxConnections } = subscription;
  const { parkedAt, punishedUntil } = seats.memory(deviceId);
  const takenBy = holders.get(id) ?? [];
  if (maxConnections === null || parkedAt === undefined) return [];
  const subject = { subscriptionId: id, deviceId };
  if (punishedUntil !== undefined) {
    // While a node says so, each end is followed by the next beginning.
    const until = live.isShared(deviceId) ? null : clock.now() + punishedUntil - clock.monotonic();
    const cause = { code: 'shared-key', since: parkedAt, until } as const;
    return [describeCause(cause, subject)];
  }
  const names = takenBy.map((holder) =>
    holder.label === null ? holder.id : `${holder.label} (${holder.id})`,
  );
  const policy = takenBy[0]?.seat_policy ?? 'reject-new';
  const cause = { code: 'seat', since: parkedAt, limit: maxConnections, holders: names, policy } as const;
  return [describeCause(cause, subject)];
}

/** Seen on one node, or by upload on two; and for as long as it is parked for that, when nothing of it can be seen. */
export function isSharedKey({ live, seats }: Context, deviceId: string): boolean {
  const { overlap, punishedUntil } = seats.memory(deviceId);
  return overlap.sharedUntil !== undefined || punishedUntil !== undefined || live.isShared(deviceId);
}

/** By subscription. */
export async function loadSeatHolders(
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<Map<string, SeatHolder[]>> {
  const rows = await selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('devices')
      .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .where('seat_node_id', 'is not', null)
      .orderBy('devices.created_at')
      .orderBy('devices.id')
      .select(['devices.id', 'subscription_id', 'label', 'tariffs.seat_policy'])
      .execute(),
  );
  return Map.groupBy(rows, (row) => row.subscription_id);
}
