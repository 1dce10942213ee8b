import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { loadAccount, loadAccounts } from './account-view.ts';
import type { AccountScope, NewAccount, PageFilter, Search } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { findAccount, seekAccount } from './find.ts';
import { accountsInScope } from './links.ts';
import { refuseSubscriptionsReference } from './namesakes.ts';
import { orders } from './order.ts';
import { beginsWith, noLimit } from './paging.ts';
import { seesAccount, tagOfNew } from './reach.ts';
import { loadSubscriptions } from './subscription-view.ts';
import type { Account, AccountDetail } from './views.ts';
import { parseReference } from './words.ts';

export function addAccount({ store, clock }: Context, input: NewAccount): Promise<Account> {
  const reference = parseReference(input.reference);
  return store.transaction(async (tx) =>
    loadAccount(tx, await insertAccount(tx, { reference, tag: input.tag }, clock.now())),
  );
}

/** Gives its id. @throws TurnpikeError `conflict` when the reference is taken */
export async function insertAccount(
  tx: Tx,
  { reference, tag }: { readonly reference: string; readonly tag?: string | undefined },
  now: number,
): Promise<string> {
  await refuseTakenReference(tx, reference, tagOfNew(tx, tag));
  const id = newId('acc');
  await insertAccounts(tx, [{ id, reference, tag }], now);
  return id;
}

/** A new account, whose reference nobody has. */
export interface PlannedAccount {
  readonly id: string;
  readonly reference: string;
  readonly tag?: string | undefined;
}

export async function insertAccounts(tx: Tx, planned: readonly PlannedAccount[], now: number): Promise<void> {
  const rows = planned.map(({ id, reference, tag }) => ({
    ...{ id, reference, created_at: now },
    tag: tagOfNew(tx, tag),
  }));
  for (const chunk of chunks(rows, 100)) await tx.db.insertInto('accounts').values(chunk).execute();
}

/** @throws TurnpikeError `conflict` where an account with this tag cannot have it */
export async function refuseTakenReference(tx: Tx, reference: string, tag: string | null): Promise<void> {
  await refuseSubscriptionsReference(tx, reference, tag);
  const known = await tx.db
    .selectFrom('accounts')
    .where('reference', '=', reference)
    .select('id')
    .executeTakeFirst();
  if (known === undefined) return;
  const which = (await seekAccount(tx, known.id)) === undefined ? '' : `: ${known.id}`;
  throw new TurnpikeError('conflict', `there is an account "${reference}" already${which}`);
}

export function listAccounts({ store }: Context, page: Search & PageFilter = {}): Promise<Account[]> {
  return store.transaction(async (tx) => {
    const { column } = orders.accounts(page.search);
    let query = tx.db
      .selectFrom('accounts')
      .where(seesAccount(tx))
      .select('id')
      .orderBy(column)
      .orderBy('id');
    if (page.search !== undefined) query = query.where(beginsWith('reference', page.search));
    if (page.after !== undefined) query = query.where(afterCursor('accounts', page.after, page.search));
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
