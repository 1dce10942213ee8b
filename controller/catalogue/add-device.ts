import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { addMissingGrants } from '../accounting/grant-rows.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import type { NewDevice } from './catalogue.ts';
import { takeDeviceKeys } from './device-keys.ts';
import { findDeviceLimit, tellOfLimit } from './device-limit.ts';
import { loadDevice } from './device-view.ts';
import { findLiveSubscription, findSubscriptionNamed } from './find.ts';
import { hashHardwareId, parseHardwareId } from './hardware.ts';
import { replaceDevice } from './leave-device.ts';
import { handSlotOver, takeSlot } from './slots.ts';
import type { Device } from './views.ts';
import { parseLine } from './words.ts';

export async function addDevice(
  context: Context,
  input: NewDevice,
): Promise<{ device: Device; privateKey?: string }> {
  const label = input.label === undefined ? null : parseLine('label', input.label, 64);
  const platform = input.platform === undefined ? null : parseLine('platform', input.platform, 64);
  const hardwareId = input.hardwareId === undefined ? null : parseHardwareId(input.hardwareId);
  const outcome = await context.store.transaction(async (tx) => {
    const named = await findSubscriptionNamed(tx, input.subscription);
    const { id: subscription, tariff_id } = await findLiveSubscription(tx, named.id);
    if (hardwareId === null) await refuseWithoutHardware(tx, tariff_id);
    const hash = hardwareId === null ? null : await hashHardwareId(context, tx, subscription, hardwareId);
    const former = hash === null ? undefined : await findByHardware(tx, subscription, hash);
    const limit = former === undefined ? await findDeviceLimit(tx, subscription) : undefined;
    if (limit !== undefined) {
      // Nothing was changed yet, and the event must outlast the refusal.
      await tellOfLimit(context, tx, subscription, limit);
      return limit.refusal;
    }
    const id = newId('dev');
    // Before its keys are looked at: the same machine may well bring the same key again.
    if (former !== undefined) await replaceDevice(context, tx, former.id, id);
    const { publicKey, presharedKey, privateKey } = await takeDeviceKeys(tx, input);
    const { slot, address4, address6 } =
      former === undefined
        ? await takeSlot(context, tx, id)
        : await handSlotOver(context, tx, former.slot, id);
    await tx.db
      .insertInto('devices')
      .values({
        id,
        subscription_id: subscription,
        public_key: publicKey,
        preshared_key: presharedKey,
        hardware_hash: hash,
        slot,
        address4,
        address6,
        label: label ?? former?.label ?? null,
        platform: platform ?? former?.platform ?? null,
        revision: await tx.revision(),
        created_at: context.clock.now(),
      })
      .execute();
    // Its allowance is reserved before any node can arm it.
    await addMissingGrants(tx, { subscriptionId: subscription });
    await turnLedger(context, tx, [subscription], { renew: () => true });
    const device = await loadDevice(context, tx, id);
    return privateKey === undefined ? { device } : { device, privateKey };
  });
  if (outcome instanceof TurnpikeError) throw outcome;
  return outcome;
}

async function refuseWithoutHardware(tx: Tx, tariffId: string): Promise<void> {
  const tariff = await tx.db
    .selectFrom('tariffs')
    .where('id', '=', tariffId)
    .select(['name', 'require_hardware_id'])
    .executeTakeFirstOrThrow();
  if (tariff.require_hardware_id === 0) return;
  throw new TurnpikeError('invalid', `the tariff "${tariff.name}" wants a hardware id of each device`, {
    remedy:
      'give one (--hardware-id, or hardwareId in the API): any text that stays the same on this machine',
  });
}

function findByHardware(tx: Tx, subscriptionId: string, hash: Uint8Array) {
  return tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscriptionId)
    .where('hardware_hash', '=', hash)
    .select(['id', 'slot', 'label', 'platform'])
    .executeTakeFirst();
}
