import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { addMissingGrants } from '../accounting/grant-rows.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { DeviceKey, DeviceLabels } from './catalogue.ts';
import { takeDeviceKeys } from './device-keys.ts';
import { loadDevice } from './device-view.ts';
import { findSubscription } from './find.ts';
import { takeSlot } from './slots.ts';
import type { Device } from './views.ts';
import { parseLine } from './words.ts';

export function addDevice(
  context: Context,
  input: { subscription: string } & DeviceKey & DeviceLabels,
): Promise<{ device: Device; privateKey?: string }> {
  const label = input.label === undefined ? null : parseLine('label', input.label, 64);
  const platform = input.platform === undefined ? null : parseLine('platform', input.platform, 64);
  return context.store.transaction(async (tx) => {
    const subscription = await findSubscription(tx, input.subscription);
    await checkDeviceLimit(tx, subscription);
    const { publicKey, presharedKey, privateKey } = await takeDeviceKeys(tx, input);
    const id = newId('dev');
    const { slot, address4, address6 } = await takeSlot(context, tx, id);
    await tx.db
      .insertInto('devices')
      .values({
        id,
        subscription_id: subscription.id,
        public_key: publicKey,
        preshared_key: presharedKey,
        slot,
        address4,
        address6,
        label,
        platform,
        revision: await tx.revision(),
        created_at: context.clock.now(),
      })
      .execute();
    // Its allowance is reserved before any node can arm it.
    await addMissingGrants(tx, { subscriptionId: subscription.id });
    await turnLedger(context, tx, [subscription.id], { renew: () => true });
    const device = await loadDevice(context, tx, id);
    return privateKey === undefined ? { device } : { device, privateKey };
  });
}

async function checkDeviceLimit(tx: Tx, subscription: Row<'subscriptions'>): Promise<void> {
  const tariff = await tx.db
    .selectFrom('tariffs')
    .where('id', '=', subscription.tariff_id)
    .select(['name', 'max_devices'])
    .executeTakeFirstOrThrow();
  if (tariff.max_devices === null) return;
  const { count } = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscription.id)
    .where('removed_at', 'is', null)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  if (count < tariff.max_devices) return;
  throw new TurnpikeError(
    'exhausted',
    `subscription ${subscription.id} has ${count} devices, and its tariff "${tariff.name}" allows ${tariff.max_devices}`,
    { remedy: `remove one of them (see "turnpike device list --subscription ${subscription.id}")` },
  );
}
