import type { Context } from '../books/context.ts';
import type { CatchupPlace } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';
import { type ChangedItems, type Holder, loadDevices, loadRemovals, loadSubscriptions } from './items.ts';
import { itemsOfPage } from './pages.ts';

type PartPlace = Pick<CatchupPlace, 'kind' | 'after'>;
type Removals = Pick<ChangedItems, 'removedDeviceIds' | 'erasedSubscriptionIds'>;

const none: Removals = { removedDeviceIds: [], erasedSubscriptionIds: [] };

/**
 * What changed after `known`, as much as goes into one answer: what is to go, then devices, then subscriptions, and in the end
 * what is to go since the first part. So no device comes without its subscription, whatever is sold or erased between two parts.
 * @param from where the part before ended; undefined: this is the first
 */
export async function loadPart(
  context: Pick<Context, 'vault'>,
  tx: Tx,
  holder: Holder,
  known: bigint,
  from: (PartPlace & Pick<CatchupPlace, 'reached'>) | undefined,
): Promise<{ readonly items: ChangedItems; readonly next: PartPlace | undefined }> {
  const start = { revision: known, id: undefined };
  const removals = from === undefined ? await loadRemovals(tx, holder, known) : none;
  const devices =
    from?.kind === 'subscriptions'
      ? { items: [], next: undefined }
      : await loadDevices(context, tx, holder, from?.after ?? start, itemsOfPage);
  if (devices.next) {
    const items = { ...removals, subscriptions: [], devices: devices.items };
    return { items, next: { kind: 'devices', after: devices.next } };
  }
  const after = from?.kind === 'subscriptions' ? from.after : start;
  const left = itemsOfPage - devices.items.length;
  const subscriptions = await loadSubscriptions(context, tx, holder, after, left);
  const items = { ...removals, subscriptions: subscriptions.items, devices: devices.items };
  if (subscriptions.next) return { items, next: { kind: 'subscriptions', after: subscriptions.next } };
  if (from === undefined) return { items, next: undefined };
  return { items: { ...items, ...(await loadRemovals(tx, holder, from.reached)) }, next: undefined };
}
