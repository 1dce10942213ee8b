import { TurnpikeError } from '../../common/errors.ts';
import { changeVolume } from '../accounting/change-volume.ts';
import { periodEndOf } from '../accounting/period-end.ts';
import { rescheduleTurn } from '../accounting/reschedule.ts';
import type { Context } from '../books/context.ts';
import { haveSamePeriods, switchTariff } from '../lifetime/switch-tariff.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { findLiveSubscription, findTariff } from './find.ts';
import { loadSubscription } from './subscription-view.ts';
import type { SubscriptionChange } from './views.ts';

export function changeTariff(
  context: Context,
  id: string,
  input: { tariff: string; when?: 'now' | 'next-period' },
): Promise<SubscriptionChange> {
  const { when = 'now' } = input;
  return context.store.transaction(async (tx) => {
    const subscription = await findLiveSubscription(tx, id);
    const from = await findTariff(tx, subscription.tariff_id);
    const to = await findTariff(tx, input.tariff);
    await refuseTooManyDevices(tx, id, to);
    if (when === 'now') {
      if (from.id === to.id)
        throw new TurnpikeError('conflict', `subscription ${id} has the tariff ${to.name} already`);
      await changeNow(context, tx, subscription, from, to);
    } else {
      if (from.period_kind === 'once') {
        throw new TurnpikeError(
          'conflict',
          `the tariff ${from.name} has one period only, after which there is no next one`,
          {
            remedy: 'change it now',
          },
        );
      }
      const next = from.id === to.id ? null : to.id;
      await tx.db.updateTable('subscriptions').set({ next_tariff_id: next }).where('id', '=', id).execute();
      await changeVolume(context, tx, id, to.volume_bytes, 'next-period');
    }
    const moved = from.group_id !== to.group_id;
    return {
      subscription: await loadSubscription(tx, id),
      when,
      newGroup: moved ? await groupName(tx, to) : null,
    };
  });
}

/** What was used of the current period's volume counts against the other tariff's. */
async function changeNow(
  context: Context,
  tx: Tx,
  { id, starts_at }: Row<'subscriptions'>,
  from: Row<'tariffs'>,
  to: Row<'tariffs'>,
): Promise<void> {
  const at = Math.max(context.clock.now(), starts_at ?? 0);
  await switchTariff(context, tx, id, { from, to, at });
  // Before the first connection nobody knows when a period ends.
  if (!haveSamePeriods(from, to) && starts_at !== null) {
    await rescheduleTurn(context, tx, id, await periodEndOf(context, tx, id, at));
  }
  await changeVolume(context, tx, id, to.volume_bytes, 'now');
  await changeVolume(context, tx, id, to.volume_bytes, 'next-period');
}

async function refuseTooManyDevices(
  tx: Tx,
  id: string,
  { name, max_devices }: Row<'tariffs'>,
): Promise<void> {
  if (max_devices === null) return;
  const { count } = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', id)
    .where('removed_at', 'is', null)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  if (count <= BigInt(max_devices)) return;
  throw new TurnpikeError(
    'conflict',
    `subscription ${id} has ${count} devices, and the tariff ${name} allows ${max_devices}`,
    { remedy: `remove ${count - BigInt(max_devices)} of them first` },
  );
}

async function groupName(tx: Tx, { group_id }: Row<'tariffs'>): Promise<string> {
  const { name } = await tx.db
    .selectFrom('groups')
    .where('id', '=', group_id)
    .select('name')
    .executeTakeFirstOrThrow();
  return name;
}
