import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { grantAllowances } from '../accounting/begin-period.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { DeviceKey, NewDevice } from './catalogue.ts';
import { takeDeviceKeys } from './device-keys.ts';
import { type DeviceLimit, type DeviceRules, findDeviceRules, tellOfLimit } from './device-limit.ts';
import { loadDevice } from './device-view.ts';
import { findSubscriptionNamed, refuseCancelled } from './find.ts';
import { hashHardwareId, parseHardwareId } from './hardware.ts';
import { replaceDevice } from './leave-device.ts';
import { handSlotOver, type Slot, takeSlots } from './slots.ts';
import type { Device } from './views.ts';
import { parseLine } from './words.ts';

export async function addDevice(
  context: Context,
  input: NewDevice,
): Promise<{ device: Device; privateKey?: string }> {
  const wish = parseDevice(input);
  const outcome = await context.store.transaction(async (tx) => {
    const subscription = await findSubscriptionNamed(tx, input.subscription);
    const inserted = await insertDevice(context, tx, subscription, wish);
    if ('refusal' in inserted) {
      // Nothing was changed yet, and the event must outlast the refusal.
      await tellOfLimit(context, tx, subscription.id, inserted);
      return inserted.refusal;
    }
    await grantAllowances(context, tx, [subscription.id]);
    const device = await loadDevice(context, tx, inserted.id);
    const { privateKey } = inserted;
    return privateKey === undefined ? { device } : { device, privateKey };
  });
  if (outcome instanceof TurnpikeError) throw outcome;
  return outcome;
}

/** What is wished of a device, as it is stored. */
export interface DeviceWish extends DeviceKey {
  /** undefined: that of the device with the same hardware, if there is one; null: none. So with the platform. */
  readonly label: string | null | undefined;
  readonly platform: string | null | undefined;
  readonly hardwareId: string | null;
}

/** @throws TurnpikeError `invalid` */
export function parseDevice(input: Omit<NewDevice, 'subscription'>): DeviceWish {
  const { publicKey, label, platform, hardwareId } = input;
  return {
    ...(publicKey !== undefined && { publicKey }),
    label: label == null ? label : parseLine('label', label, 64),
    platform: platform == null ? platform : parseLine('platform', platform, 64),
    hardwareId: hardwareId === undefined ? null : parseHardwareId(hardwareId),
  };
}

/** Nothing is granted for it before `grantAllowances`. Where there is no room for it, nothing was changed. */
export async function insertDevice(
  context: Context,
  tx: Tx,
  subscription: Row<'subscriptions'>,
  { label, platform, hardwareId, ...key }: DeviceWish,
): Promise<{ readonly id: string; readonly privateKey?: string } | DeviceLimit> {
  refuseCancelled(subscription);
  const { id: subscriptionId } = subscription;
  const rules = await findDeviceRules(tx, subscriptionId);
  if (hardwareId === null) refuseWithoutHardware(rules);
  const hash = hardwareId === null ? null : await hashHardwareId(context, tx, subscriptionId, hardwareId);
  const former = hash === null ? undefined : await findByHardware(tx, subscriptionId, hash);
  if (former === undefined && rules.limit !== undefined) return rules.limit;
  const id = newId('dev');
  // Before its keys are looked at: the same machine may well bring the same key again.
  if (former !== undefined) await replaceDevice(context, tx, former.id, id);
  const { publicKey, presharedKey, privateKey } = await takeDeviceKeys(tx, key);
  const planned = {
    id,
    subscription_id: subscriptionId,
    public_key: publicKey,
    presharedKey,
    hardware_hash: hash,
    label: label === undefined ? (former?.label ?? null) : label,
    platform: platform === undefined ? (former?.platform ?? null) : platform,
  };
  if (former === undefined) await insertDevices(context, tx, [planned]);
  else await storeDevices(context, tx, [planned], [await handSlotOver(context, tx, former.slot, id)]);
  return privateKey === undefined ? { id } : { id, privateKey };
}

/** A new device, without its place. */
export type PlannedDevice = Pick<
  NewRow<'devices'>,
  'subscription_id' | 'public_key' | 'hardware_hash' | 'label' | 'platform'
> & { readonly id: string; readonly presharedKey: string };

/**
 * Devices for which there is room. Nothing is granted for them before `grantAllowances`.
 * @throws TurnpikeError `exhausted`: the address range is used up
 */
export async function insertDevices(
  context: Context,
  tx: Tx,
  planned: readonly PlannedDevice[],
): Promise<void> {
  if (planned.length === 0) return;
  const ids = planned.map(({ id }) => id);
  await storeDevices(context, tx, planned, await takeSlots(context, tx, ids));
}

async function storeDevices(
  { clock, vault }: Context,
  tx: Tx,
  planned: readonly PlannedDevice[],
  slots: readonly Slot[],
): Promise<void> {
  const told = { revision: await tx.revision(), created_at: clock.now() };
  const rows = planned.map(({ presharedKey, ...device }, n) => ({
    ...device,
    preshared_key: vault.seal('devices.preshared_key', device.id, presharedKey),
    ...(slots[n] as Slot),
    ...told,
  }));
  for (const chunk of chunks(rows, 100)) await tx.db.insertInto('devices').values(chunk).execute();
}

function refuseWithoutHardware({ tariff, requireHardwareId }: DeviceRules): void {
  if (!requireHardwareId) return;
  throw new TurnpikeError('invalid', `the tariff "${tariff}" wants a hardware id of each device`, {
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
