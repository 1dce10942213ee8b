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

/** What a subscription's tariff says of one more device; and the tariff that it has from its next period on, if another. */
export interface DeviceRules {
  readonly tariff: string;
  readonly requireHardwareId: boolean;
  /** Why there is no room for one more; undefined when there is. */
  readonly limit: DeviceLimit | undefined;
}

export async function findDeviceRules(tx: Tx, subscriptionId: string): Promise<DeviceRules> {
  const row = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .leftJoin('tariffs as next', 'next.id', 'subscriptions.next_tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select([
      'tariffs.name',
      'tariffs.max_devices',
      'tariffs.require_hardware_id',
      'next.name as next_name',
      'next.max_devices as next_max_devices',
      countedDevices.as('devices'),
    ])
    .executeTakeFirstOrThrow();
  const rules = { tariff: row.name, requireHardwareId: row.require_hardware_id === 1 };
  const devices = Number(row.devices);
  const show = `see "turnpike device list --subscription ${subscriptionId}"`;
  const limit = (maxDevices: number, which: string, remedy: string): DeviceRules => {
    const text = `subscription ${subscriptionId} has ${devices} devices, and ${which} allows ${maxDevices}`;
    return {
      ...rules,
      limit: { maxDevices, devices, refusal: new TurnpikeError('exhausted', text, { remedy }) },
    };
  };
  if (row.max_devices !== null && devices >= row.max_devices) {
    return limit(row.max_devices, `its tariff "${row.name}"`, `remove one of them (${show})`);
  }
  // More than it allows would be there when it comes.
  if (row.next_max_devices !== null && devices >= row.next_max_devices) {
    return limit(
      row.next_max_devices,
      `the tariff "${row.next_name}", which it has from its next period on,`,
      `remove one of them (${show}), or take the change back with "turnpike subscription change ${subscriptionId} --tariff ${row.name} --when next-period"`,
    );
  }
  return { ...rules, limit: undefined };
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
