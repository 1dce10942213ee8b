import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { goneBy } from '../backup/gone-by.ts';
import { type ErasureOnce, forgetRestrictions, hashOfAccount, noteErased } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import type { AccountScope } from '../catalogue/catalogue.ts';
import { findAccount } from '../catalogue/find.ts';
import { accountsInScope, dissolveLoneLinks } from '../catalogue/links.ts';
import { RestrictedError, refuseRestrictedAmong } from '../catalogue/restricted.ts';
import { restSlot } from '../catalogue/slots.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { deleteOf, type Erased } from './delete.ts';

/**
 * Erases an account and those linked with it: their devices leave every node at the next word, and no row is left of
 * them but what the nodes must still be told. Returns the id of the erasure.
 */
export function eraseAccount(
  context: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<string> {
  return context.store.transaction(async (tx) => {
    const id = newId('ers');
    const account = await findAccount(tx, name);
    const accounts = await accountsInScope(tx, account, only);
    // Who names a restricted one means it; along with another one it does not go.
    if (account.restricted_at === null) await refuseRestrictedLinked(tx, accounts);
    const erasedAt = context.clock.now();
    const backupsUntilAt = goneBy(context, erasedAt);
    await erase(context, tx, accounts, {
      id,
      erasedAt,
      backupsUntilAt,
      accounts: accounts.map(hashOfAccount),
    });
    return id;
  });
}

/** @throws TurnpikeError `conflict` */
async function refuseRestrictedLinked(tx: Tx, accounts: readonly string[]): Promise<void> {
  try {
    await refuseRestrictedAmong(tx, accounts);
  } catch (error) {
    if (!(error instanceof RestrictedError)) throw error;
    throw new TurnpikeError('conflict', `${error.message}, and linked with this one`, {
      remedy: 'erase this one alone (--only), or name that one, which erases all of them',
    });
  }
}

/**
 * Erases, after a restore, those that were erased since the backup: the same erasure, under its id. Returns how many
 * accounts had come back.
 */
export async function eraseAgain(context: Context, tx: Tx, erasure: ErasureOnce): Promise<number> {
  const { id } = erasure;
  const known = await tx.db.selectFrom('erasures').where('id', '=', id).select('id').executeTakeFirst();
  if (known !== undefined) return 0;
  const hashes = new Set(erasure.accounts);
  const accounts = await tx.db.selectFrom('accounts').select('id').execute();
  const back = accounts.map((row) => row.id).filter((account) => hashes.has(hashOfAccount(account)));
  await erase(context, tx, back, erasure);
  return back.length;
}

async function erase(
  context: Context,
  tx: Tx,
  accounts: readonly string[],
  erasure: ErasureOnce,
): Promise<void> {
  const { live, seats } = context;
  const { id } = erasure;
  const erased = await gather(tx, accounts);
  await tx.db
    .insertInto('erasures')
    .values({
      id,
      accounts: erasure.accounts.length,
      subscriptions: erased.subscriptions.length,
      devices: erased.devices.length,
      backups_until: erasure.backupsUntilAt,
      unscrubbed: 1,
      created_at: erasure.erasedAt,
    })
    .execute();
  await noteErased(tx, erasure);
  await forgetRestrictions(tx, accounts);
  await bury(tx, id, erased.subscriptions);
  for (const device of erased.devices) await restSlot(context, tx, device);
  await deleteOf(tx, erased);
  await dissolveLoneLinks(tx);
  tx.afterCommit(() => {
    for (const device of erased.devices) {
      live.forgetDevice(device);
      seats.forget(device);
    }
  });
}

async function gather(tx: Tx, accounts: readonly string[]): Promise<Erased> {
  const subscriptions = await selectInChunks(accounts, (chunk) =>
    tx.db.selectFrom('subscriptions').where('account_id', 'in', chunk).select('id').execute(),
  );
  const ids = subscriptions.map(({ id }) => id);
  const devices = await selectInChunks(ids, (chunk) =>
    tx.db.selectFrom('devices').where('subscription_id', 'in', chunk).select('id').execute(),
  );
  return { accounts, subscriptions: ids, devices: devices.map(({ id }) => id) };
}

/** Notes on which nodes these subscriptions are or were; those that serve are told. */
async function bury(tx: Tx, erasureId: string, subscriptions: readonly string[]): Promise<void> {
  const places = await selectInChunks(subscriptions, (chunk) =>
    tx.db
      .selectFrom('grants')
      .innerJoin('nodes', 'nodes.id', 'grants.node_id')
      .where('subscription_id', 'in', chunk)
      .select(['grants.subscription_id', 'grants.node_id', 'grants.incarnation'])
      .select((row) =>
        row
          .and([
            row('nodes.removed_at', 'is', null),
            row('nodes.incarnation', '=', row.ref('grants.incarnation')),
          ])
          .as('serves'),
      )
      .distinct()
      .execute(),
  );
  const revision = await tx.revision();
  for (const { subscription_id, node_id, incarnation, serves } of places) {
    await tx.db
      .insertInto('erasure_nodes')
      .values({ erasure_id: erasureId, node_id, incarnation, state: serves ? 'pending' : 'retired' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    if (!serves) continue;
    const tombstone = { node_id, incarnation, subscription_id, erasure_id: erasureId, revision };
    await tx.db.insertInto('tombstones').values(tombstone).execute();
  }
}

/** @throws TurnpikeError `not_found` */
export async function findErasure(tx: Tx, id: string) {
  const row = await tx.db.selectFrom('erasures').where('id', '=', id).selectAll().executeTakeFirst();
  if (row !== undefined) return row;
  throw new TurnpikeError('not_found', `there is no erasure ${id.slice(0, 40)}`, {
    remedy: 'see "turnpike privacy erasures"',
  });
}
