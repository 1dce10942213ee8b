import type { ReportRequest } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { Store } from '../store/store.ts';

/** What a report says of some subscriptions. */
export type Portion = Pick<ReportRequest, 'devices' | 'subscriptions'>;

/** Of so many subscriptions at most: each is booked with its rows on every node of its group, and all others wait meanwhile. */
const subscriptionsAtOnce = 100;

/** Cuts a report where it is large. What it says of one subscription and its devices stays together; one portion at least. */
export async function portionsOf(store: Store, { devices, subscriptions }: Portion): Promise<Portion[]> {
  if (devices.length + subscriptions.length <= subscriptionsAtOnce) return [{ devices, subscriptions }];
  const named = [...new Set(devices.map(({ deviceId }) => deviceId))];
  const rows = await store.transaction(({ db }) =>
    selectInChunks(named, (ids) =>
      db.selectFrom('devices').where('id', 'in', ids).select(['id', 'subscription_id']).execute(),
    ),
  );
  const owners = new Map(rows.map((row) => [row.id, row.subscription_id]));
  // Those of devices that nobody knows cost nothing, and are one group.
  const devicesOf = Map.groupBy(devices, ({ deviceId }) => owners.get(deviceId) ?? '');
  const subscriptionsOf = Map.groupBy(subscriptions, ({ subscriptionId }) => subscriptionId);
  const ids = [...new Set([...devicesOf.keys(), ...subscriptionsOf.keys()])];
  return chunks(ids, subscriptionsAtOnce).map((portion) => ({
    devices: portion.flatMap((id) => devicesOf.get(id) ?? []),
    subscriptions: portion.flatMap((id) => subscriptionsOf.get(id) ?? []),
  }));
}
