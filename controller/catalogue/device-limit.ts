import { sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import type { Tx } from '../store/store.ts';

/** An app that is refused tries again: one event tells enough. */
const quietMs = 3600_000;

export interface DeviceLimit {
  readonly maxDevices: number;
  readonly devices: number;
  readonly refusal: TurnpikeError;
}

/** Of a subscription, in a query of it: devices that are not removed. */
export const countedDevices = sql<bigint>`(
  SELECT count(*) FROM devices WHERE devices.subscription_id = subscriptions.id AND devices.removed_at IS NULL
)`;

/** What a subscription's tariff says of one more device. */
export interface DeviceRules {
  readonly tariff: string;
  readonly requireHardwareId: boolean;
  /** Why there is no room for one more; undefined when there is. */
  readonly limit: DeviceLimit | undefined;
}

export async function findDeviceRules(tx: Tx, subscriptionId: string): Promise<DeviceRules> {
  const { name, max_devices, require_hardware_id, devices } = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select([
      'tariffs.name',
      'tariffs.max_devices',
      'tariffs.require_hardware_id',
      countedDevices.as('devices'),
    ])
    .executeTakeFirstOrThrow();
  const count = Number(devices);
  const rules = { tariff: name, requireHardwareId: require_hardware_id === 1 };
  if (max_devices === null || count < max_devices) return { ...rules, limit: undefined };
  const refusal = new TurnpikeError(
    'exhausted',
    `subscription ${subscriptionId} has ${count} devices, and its tariff "${name}" allows ${max_devices}`,
    { remedy: `remove one of them (see "turnpike device list --subscription ${subscriptionId}")` },
  );
  return { ...rules, limit: { maxDevices: max_devices, devices: count, refusal } };
}

/** The event `device.limit`, at most once an hour for each subscription. */
export async function tellOfLimit(
  { clock }: Context,
  tx: Tx,
  subscriptionId: string,
  { maxDevices, devices }: DeviceLimit,
): Promise<void> {
  const told = await tx.db
    .selectFrom('events')
    .where('type', '=', 'device.limit')
    .where('subscription_id', '=', subscriptionId)
    .where('at', '>', clock.now() - quietMs)
    .select('id')
    .limit(1)
    .executeTakeFirst();
  if (told !== undefined) return;
  await recordEvent(tx, {
    type: 'device.limit',
    at: clock.now(),
    subscriptionId,
    data: { maxDevices, devices },
  });
}
