import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { switchTariff } from '../lifetime/switch-tariff.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { findTariff } from './find.ts';
import { findLiveSubscription } from './subscription-times.ts';
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
      await switchTariff(context, tx, id, from, to);
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
    }
    const moved = from.group_id !== to.group_id;
    return {
      subscription: await loadSubscription(tx, id),
      when,
      newGroup: moved ? await groupName(tx, to) : null,
    };
  });
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
