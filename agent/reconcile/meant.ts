import type { DesiredDelta } from '../desired/state.ts';
import type { Draft } from './draft.ts';
import type { Batch } from './inbox.ts';

type Item = { readonly revision: bigint };

/** What the controller's word means beside what is held by then: its deltas, without or with more than they say. */
export function meantBy(draft: Draft, { deltas, whole }: Pick<Batch, 'deltas' | 'whole'>): DesiredDelta[] {
  return whole ? [unnamed(draft, deltas), ...deltas] : deltas.map((delta) => notOlder(draft, delta));
}

/**
 * Without items that are older than what is held: a controller that was restored from a backup says what it knew then,
 * and the keys of a device, say, may be others since.
 */
function notOlder(draft: Draft, delta: DesiredDelta): DesiredDelta {
  const isNews = (held: Item | undefined, { revision }: Item) =>
    held === undefined || held.revision <= revision;
  return {
    ...delta,
    devices: delta.devices.filter((one) => isNews(draft.device(one.id), one)),
    subscriptions: delta.subscriptions.filter((one) => isNews(draft.subscription(one.id), one)),
  };
}

/** What is held and these do not name, as removals. */
function unnamed(draft: Draft, deltas: readonly DesiredDelta[]): DesiredDelta {
  const named = new Set(
    deltas.flatMap((delta) => [...delta.devices, ...delta.subscriptions].map(({ id }) => id)),
  );
  const subscriptionIds = [...draft.subscriptionIds()].filter((id) => draft.subscription(id) !== undefined);
  return {
    removedDeviceIds: [...draft.devices()].map(({ id }) => id).filter((id) => !named.has(id)),
    removedSubscriptionIds: subscriptionIds.filter((id) => !named.has(id)),
    erasedSubscriptionIds: [],
    subscriptions: [],
    devices: [],
  };
}
