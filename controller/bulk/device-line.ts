import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { insertDevice, parseDevice } from '../catalogue/add-device.ts';
import { findSubscriptionNamed } from '../catalogue/find.ts';
import { refuseRestrictedAccount } from '../catalogue/restricted.ts';
import { setDevice } from '../catalogue/set-device.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { DeviceLine } from './line.ts';
import type { Difference, Outcome } from './result.ts';

export interface ComparedDevice {
  readonly subscription: Row<'subscriptions'>;
  /** undefined: there is none with its key yet. */
  readonly id: string | undefined;
  readonly differences: readonly Difference[];
}

/** @throws TurnpikeError for a line that cannot be meant */
export async function compareDevice(tx: Tx, line: DeviceLine): Promise<ComparedDevice> {
  const subscription = await findSubscriptionNamed(tx, line.subscription);
  await refuseRestrictedAccount(tx, subscription.account_id);
  const known = await tx.db
    .selectFrom('devices')
    .where('public_key', '=', line.publicKey)
    .select(['id', 'subscription_id', 'label', 'platform'])
    .executeTakeFirst();
  if (known === undefined) return { subscription, id: undefined, differences: [] };
  if (known.subscription_id !== subscription.id) {
    refuseOthersDevice();
  }
  return { subscription, id: known.id, differences: compareSettings(line, known) };
}

export function refuseOthersDevice(): never {
  throw new TurnpikeError('conflict', `another subscription has a device with this public key`, {
    field: 'publicKey',
    remedy: 'list it with the subscription that it is of, or remove it there first',
  });
}

export function compareSettings(
  line: DeviceLine,
  known: Pick<Row<'devices'>, 'label' | 'platform'>,
): Difference[] {
  return (['label', 'platform'] as const).flatMap((field) => {
    const listed = line[field];
    return listed === undefined || listed === known[field] ? [] : [{ field, listed, found: known[field] }];
  });
}

export async function upsertDevice(
  context: Context,
  tx: Tx,
  line: DeviceLine,
): Promise<ComparedDevice & { readonly outcome: Outcome }> {
  const compared = await compareDevice(tx, line);
  const { subscription, id, differences } = compared;
  if (id === undefined) {
    const inserted = await insertDevice(context, tx, subscription, parseDevice(wishOf(line)));
    if ('refusal' in inserted) throw inserted.refusal;
    return { ...compared, id: inserted.id, outcome: 'created' };
  }
  if (differences.length === 0) return { ...compared, outcome: 'unchanged' };
  await setDevice(context, id, Object.fromEntries(differences.map(({ field, listed }) => [field, listed])));
  return { ...compared, outcome: 'changed' };
}

export function wishOf({ publicKey, label, platform, hardwareId }: DeviceLine) {
  return {
    publicKey,
    ...(label !== undefined && { label }),
    ...(platform !== undefined && { platform }),
    ...(hardwareId !== undefined && { hardwareId }),
  };
}
