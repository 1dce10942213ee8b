import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import type { Tx } from '../store/store.ts';

/** An app that is refused tries again: one event tells enough. */
const quietMs = 3600_000;

interface DeviceLimit {
  readonly maxDevices: number;
  readonly devices: number;
  readonly refusal: TurnpikeError;
}

/** Why there is no room for one more device; undefined when there is. */
export async function findDeviceLimit(tx: Tx, subscriptionId: string): Promise<DeviceLimit | undefined> {
  const { name, max_devices: maxDevices } = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '=', subscriptionId)
    .select(['tariffs.name', 'tariffs.max_devices'])
    .executeTakeFirstOrThrow();
  if (maxDevices === null) return undefined;
  const { count } = await tx.db
    .selectFrom('devices')
    .where('subscription_id', '=', subscriptionId)
    .where('removed_at', 'is', null)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  if (count < maxDevices) return undefined;
  const refusal = new TurnpikeError(
    'exhausted',
    `subscription ${subscriptionId} has ${count} devices, and its tariff "${name}" allows ${maxDevices}`,
    { remedy: `remove one of them (see "turnpike device list --subscription ${subscriptionId}")` },
  );
  return { maxDevices, devices: Number(count), refusal };
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
