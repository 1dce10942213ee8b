import { TurnpikeError } from '../../common/errors.ts';
import { parseId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { seesAccount, seesNode, seesSubscription } from './reach.ts';
import { loadSuccessors } from './successor.ts';
import { looksLikeId } from './words.ts';

// Each takes an id, or the name under which an operator knows the thing.

export async function findAccount(tx: Tx, account: string): Promise<Row<'accounts'>> {
  return (await seekAccount(tx, account)) ?? missing('account', account, 'turnpike account list');
}

export function seekAccount(tx: Tx, account: string): Promise<Row<'accounts'> | undefined> {
  return tx.db
    .selectFrom('accounts')
    .where(looksLikeId(account) ? 'id' : 'reference', '=', account.normalize('NFC'))
    .where(seesAccount(tx))
    .selectAll()
    .executeTakeFirst();
}

export async function findTariff(tx: Tx, tariff: string): Promise<Row<'tariffs'>> {
  const row = await tx.db
    .selectFrom('tariffs')
    .where(looksLikeId(tariff) ? 'id' : 'name', '=', tariff)
    .selectAll()
    .executeTakeFirst();
  return row ?? missing('tariff', tariff, 'turnpike tariff list');
}

/** Of a subscription: the tariff in force, and the one that waits for its next period, if one does. */
export async function findTariffsOf(
  tx: Tx,
  { tariff_id, next_tariff_id }: Pick<Row<'subscriptions'>, 'tariff_id' | 'next_tariff_id'>,
): Promise<{ readonly inForce: Row<'tariffs'>; readonly next: Row<'tariffs'> | undefined }> {
  const inForce = await findTariff(tx, tariff_id);
  return { inForce, next: next_tariff_id === null ? undefined : await findTariff(tx, next_tariff_id) };
}

export async function findGroup(tx: Tx, group: string): Promise<Row<'groups'>> {
  const row = await tx.db
    .selectFrom('groups')
    .where(looksLikeId(group) ? 'id' : 'name', '=', group)
    .selectAll()
    .executeTakeFirst();
  return row ?? missing('group', group, 'turnpike group list');
}

/** Not a removed one. */
export async function findNode(tx: Tx, node: string): Promise<Row<'nodes'>> {
  const row = await tx.db
    .selectFrom('nodes')
    .where(looksLikeId(node) ? 'id' : 'name', '=', node)
    .where('removed_at', 'is', null)
    .where(seesNode(tx))
    .selectAll()
    .executeTakeFirst();
  return row ?? missing('node', node, 'turnpike node list');
}

export async function findSubscription(tx: Tx, id: string): Promise<Row<'subscriptions'>> {
  const row = await tx.db
    .selectFrom('subscriptions')
    .where('id', '=', parseId('sub', id))
    .where(seesSubscription(tx, 'subscriptions.id'))
    .selectAll()
    .executeTakeFirst();
  return row ?? missing('subscription', id, 'turnpike subscription list');
}

/** @throws TurnpikeError `conflict` for a cancelled one. */
export async function findLiveSubscription(tx: Tx, id: string): Promise<Row<'subscriptions'>> {
  const row = await findSubscription(tx, id);
  refuseCancelled(row);
  return row;
}

export function refuseCancelled({ id, cancelled_at }: Row<'subscriptions'>): void {
  if (cancelled_at === null) return;
  throw new TurnpikeError('conflict', `subscription ${id} was cancelled`, { remedy: 'create another one' });
}

/**
 * By its id or reference, or by its account when that has one subscription; cancelled ones do not count beside others.
 * @throws TurnpikeError `conflict` where the name is of one subscription and of another one's account
 */
export async function findSubscriptionNamed(tx: Tx, name: string): Promise<Row<'subscriptions'>> {
  if (looksLikeId(name) && !name.startsWith('acc_')) return findSubscription(tx, name);
  const referred = await findByReference(tx, name);
  if (referred === undefined) return findOfAccount(tx, name);
  const account = await tx.db
    .selectFrom('accounts')
    .where('reference', '=', name.normalize('NFC'))
    .where('id', '!=', referred.account_id)
    .where(seesAccount(tx))
    .select('id')
    .executeTakeFirst();
  if (account === undefined) return referred;
  throw new TurnpikeError(
    'conflict',
    `${show(name)} is the reference of a subscription, and of an account that it is not of`,
    { remedy: `name ${referred.id}, or ${account.id}` },
  );
}

export function findByReference(tx: Tx, reference: string): Promise<Row<'subscriptions'> | undefined> {
  return tx.db
    .selectFrom('subscriptions')
    .where('reference', '=', reference.normalize('NFC'))
    .where(seesSubscription(tx, 'subscriptions.id'))
    .selectAll()
    .executeTakeFirst();
}

async function findOfAccount(tx: Tx, name: string): Promise<Row<'subscriptions'>> {
  const account = await seekAccount(tx, name);
  if (account === undefined) return missing('subscription or account', name, 'turnpike subscription list');
  const all = await tx.db
    .selectFrom('subscriptions')
    .where('account_id', '=', account.id)
    .orderBy('created_at')
    .orderBy('id')
    .selectAll()
    .execute();
  const living = all.filter((row) => row.cancelled_at === null);
  const found = living.length > 0 ? living : all;
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const { reference } = account;
  if (first === undefined) {
    throw new TurnpikeError('not_found', `account "${reference}" has no subscription`, {
      remedy: `turnpike subscription create --account "${reference}" --tariff NAME`,
    });
  }
  const ids = found.slice(0, 5).map(({ id }) => id);
  throw new TurnpikeError('conflict', `account "${reference}" has ${found.length} subscriptions`, {
    remedy: `name one of them: ${ids.join(', ')}${found.length > ids.length ? ', …' : ''}`,
  });
}

/** Also a removed one. */
export async function findDevice(tx: Tx, id: string): Promise<Row<'devices'>> {
  const row = await tx.db
    .selectFrom('devices')
    .where('id', '=', parseId('dev', id))
    .where(seesSubscription(tx, 'devices.subscription_id'))
    .selectAll()
    .executeTakeFirst();
  return row ?? missing('device', id, 'turnpike device list');
}

/** @throws TurnpikeError `conflict` for a removed one. */
export async function findLiveDevice(tx: Tx, id: string): Promise<Row<'devices'>> {
  const device = await findDevice(tx, id);
  const successor = (await loadSuccessors(tx, [device])).get(device.id);
  if (successor !== undefined) {
    throw new TurnpikeError('conflict', `device ${id} was replaced: its hardware enrolled again`, {
      remedy: successor.living
        ? `use ${successor.id}`
        : `${successor.id}, as which it enrolled last, was removed: add a new device`,
    });
  }
  if (device.removed_at !== null) {
    throw new TurnpikeError('conflict', `device ${id} was removed`, { remedy: 'add a new device' });
  }
  return device;
}

function missing(what: string, name: string, list: string): never {
  throw new TurnpikeError('not_found', `there is no ${what} ${show(name)}`, { remedy: `see "${list}"` });
}
