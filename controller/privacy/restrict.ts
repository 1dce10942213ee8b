import { TurnpikeError } from '../../common/errors.ts';
import { findOwners, type Named } from '../audit/subject.ts';
import type { Context } from '../books/context.ts';
import { setSuspension } from '../catalogue/account-access.ts';
import { loadAccount } from '../catalogue/account-view.ts';
import type { AccountScope } from '../catalogue/catalogue.ts';
import { findAccount } from '../catalogue/find.ts';
import { accountsInScope } from '../catalogue/links.ts';
import { refuseRestrictedAccount } from '../catalogue/restricted.ts';
import type { Account } from '../catalogue/views.ts';
import { parseLine } from '../catalogue/words.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

export function restrictAccount(
  { store, clock }: Context,
  name: string,
  { reason: given, only = false }: { reason: string } & AccountScope,
): Promise<Account> {
  const reason = parseLine('reason', given);
  return store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    if (account.restricted_at !== null) throw new TurnpikeError('conflict', 'it is restricted already');
    const now = clock.now();
    const ids = await accountsInScope(tx, account, only);
    await mark(tx, ids, now);
    await setSuspension(tx, ids, { suspended_at: now, suspension_reason: reason });
    return loadAccount(tx, account.id);
  });
}

export function liftRestriction(
  { store }: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<Account> {
  return store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    if (account.restricted_at === null) throw new TurnpikeError('conflict', 'it is not restricted');
    await mark(tx, await accountsInScope(tx, account, only), null);
    return loadAccount(tx, account.id);
  });
}

async function mark({ db }: Tx, ids: readonly string[], restricted_at: number | null): Promise<void> {
  for (const chunk of chunks(ids)) {
    await db.updateTable('accounts').set({ restricted_at }).where('id', 'in', chunk).execute();
  }
}

/** @throws TurnpikeError `conflict` */
export function refuseRestricted({ store }: Context, named: Named): Promise<void> {
  return store.transaction(async (tx) => {
    for (const account of await findOwners(tx, named)) await refuseRestrictedAccount(tx, account);
  });
}
