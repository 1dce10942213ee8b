import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { loadAccount, loadAccounts } from './account-view.ts';
import type { AccountScope, PageFilter } from './catalogue.ts';
import { findAccount } from './find.ts';
import { accountsInScope } from './links.ts';
import { afterItem, noLimit } from './paging.ts';
import { loadSubscriptions } from './subscription-view.ts';
import type { Account, AccountDetail } from './views.ts';
import { looksLikeId, parseLine } from './words.ts';

export function addAccount({ store, clock }: Context, input: { reference: string }): Promise<Account> {
  const reference = parseReference(input.reference);
  return store.transaction(async (tx) => {
    await refuseTakenReference(tx, reference);
    const id = newId('acc');
    await tx.db.insertInto('accounts').values({ id, reference, created_at: clock.now() }).execute();
    return loadAccount(tx, id);
  });
}

/** @throws TurnpikeError `invalid` */
export function parseReference(text: string): string {
  const reference = parseLine('reference', text, 128);
  if (!looksLikeId(reference)) return reference;
  throw new TurnpikeError('invalid', 'a reference may not have the form of one of our ids', {
    remedy: 'put something before it',
  });
}

/** @throws TurnpikeError `conflict` */
export async function refuseTakenReference(tx: Tx, reference: string): Promise<void> {
  const known = await tx.db
    .selectFrom('accounts')
    .where('reference', '=', reference)
    .select('id')
    .executeTakeFirst();
  if (known === undefined) return;
  throw new TurnpikeError('conflict', `there is an account "${reference}" already: ${known.id}`);
}

export function listAccounts({ store }: Context, page: PageFilter = {}): Promise<Account[]> {
  return store.transaction(async (tx) => {
    let query = tx.db.selectFrom('accounts').select('id').orderBy('created_at').orderBy('id');
    if (page.after !== undefined) query = query.where(await afterItem(tx, 'accounts', page.after));
    const rows = await query.limit(page.limit ?? noLimit).execute();
    return loadAccounts(
      tx,
      rows.map(({ id }) => id),
    );
  });
}

export function getAccount(
  { store }: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<AccountDetail> {
  return store.transaction((tx) => loadAccountDetail(tx, name, only));
}

/** With the subscriptions of all linked accounts, or its own `only`. */
export async function loadAccountDetail(tx: Tx, name: string, only: boolean): Promise<AccountDetail> {
  const account = await findAccount(tx, name);
  const accounts = await accountsInScope(tx, account, only);
  const subscriptions = await tx.db
    .selectFrom('subscriptions')
    .where('account_id', 'in', accounts)
    .select('id')
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return {
    ...(await loadAccount(tx, account.id)),
    subscriptions: await loadSubscriptions(
      tx,
      subscriptions.map(({ id }) => id),
    ),
  };
}
