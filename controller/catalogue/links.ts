import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { loadAccount } from './account-view.ts';
import { findAccount } from './find.ts';
import { refuseRestrictedAmong } from './restricted.ts';
import type { Account } from './views.ts';

// Linked accounts are a set: each is linked with all others of it, and in one set at most.

/** Unites the sets of both. */
export function linkAccounts({ store }: Context, name: string, other: string): Promise<Account> {
  return store.transaction(async (tx) => {
    const [one, two] = [await findAccount(tx, name), await findAccount(tx, other)];
    if (one.id === two.id) throw new TurnpikeError('invalid', 'an account cannot be linked with itself');
    if (one.tag !== two.tag) {
      throw new TurnpikeError('conflict', 'accounts with different tags cannot be linked', {
        remedy: 'give both the same tag, or none',
      });
    }
    await refuseRestrictedAmong(tx, [
      ...(await accountsInScope(tx, one)),
      ...(await accountsInScope(tx, two)),
    ]);
    const link = one.link ?? two.link ?? newId('lnk');
    for (const { id, link: old } of [one, two]) {
      await tx.db
        .updateTable('accounts')
        .set({ link })
        .where((row) => (old === null ? row('id', '=', id) : row('link', '=', old)))
        .execute();
    }
    return loadAccount(tx, one.id);
  });
}

/** Takes this one out of its set; the others stay linked. */
export function unlinkAccount({ store }: Context, name: string): Promise<Account> {
  return store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    if (account.link === null) {
      throw new TurnpikeError('conflict', `account "${account.reference}" is not linked with another`);
    }
    await refuseRestrictedAmong(tx, await accountsInScope(tx, account));
    await tx.db.updateTable('accounts').set({ link: null }).where('id', '=', account.id).execute();
    await dissolveLoneLinks(tx);
    return loadAccount(tx, account.id);
  });
}

/** A set of one is none. */
export async function dissolveLoneLinks({ db }: Tx): Promise<void> {
  const lone = db
    .selectFrom('accounts')
    .where('link', 'is not', null)
    .groupBy('link')
    .having((row) => row.fn.countAll(), '=', 1)
    .select('link');
  await db.updateTable('accounts').set({ link: null }).where('link', 'in', lone).execute();
}

/** Ids of the account and of those linked with it; `only`: its own alone. */
export async function accountsInScope(tx: Tx, account: Row<'accounts'>, only = false): Promise<string[]> {
  if (only || account.link === null) return [account.id];
  const rows = await tx.db.selectFrom('accounts').where('link', '=', account.link).select('id').execute();
  return rows.map(({ id }) => id);
}
