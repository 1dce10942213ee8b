import { TurnpikeError } from '../../common/errors.ts';
import { findOwners, type Named } from '../audit/subject.ts';
import { forgetRestrictions, hashOfAccount, noteRemoved } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import { setSuspension } from '../catalogue/account-access.ts';
import { loadAccount } from '../catalogue/account-view.ts';
import type { AccountScope } from '../catalogue/catalogue.ts';
import { findAccount } from '../catalogue/find.ts';
import { accountsInScope } from '../catalogue/links.ts';
import { refuseRestrictedAccount } from '../catalogue/restricted.ts';
import type { Account } from '../catalogue/views.ts';
import { parseLine } from '../catalogue/words.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

export function restrictAccount(
  context: Context,
  name: string,
  { reason: given, only = false }: { reason: string } & AccountScope,
): Promise<Account> {
  const reason = parseLine('reason', given);
  return context.store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    if (account.restricted_at !== null) throw new TurnpikeError('conflict', 'it is restricted already');
    // A linked one that is restricted keeps its date and its reason.
    const ids = await unrestricted(tx, await accountsInScope(tx, account, only));
    const at = context.clock.now();
    await restrict(tx, ids, { at, now: at, reason });
    for (const id of ids)
      await noteRemoved(context, tx, { kind: 'restriction', subject: hashOfAccount(id), at });
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
    const ids = await accountsInScope(tx, account, only);
    await mark(tx, ids, null);
    await forgetRestrictions(tx, ids);
    return loadAccount(tx, account.id);
  });
}

/**
 * Restricts, after a restore, those that were restricted since the backup; `since` by {@link hashOfAccount}, milliseconds
 * since 1970. Also who is restricted in it and was freed and restricted anew: a node may know of the first two alone.
 * Returns how many there were.
 */
export async function restrictAgain(
  { clock }: Context,
  tx: Tx,
  since: ReadonlyMap<string, number>,
): Promise<number> {
  const rows = await tx.db.selectFrom('accounts').select(['id', 'restricted_at']).execute();
  let count = 0;
  for (const { id, restricted_at } of rows) {
    const at = since.get(hashOfAccount(id));
    if (at === undefined || (restricted_at ?? Number.NEGATIVE_INFINITY) >= at) continue;
    // Suspended now, whatever it was: the hold keeps open what was suspended before.
    await restrict(tx, [id], { at, now: clock.now(), reason: 'restricted before the restore' });
    count += 1;
  }
  return count;
}

async function restrict(
  tx: Tx,
  ids: readonly string[],
  { at, now, reason }: { readonly at: number; readonly now: number; readonly reason: string },
): Promise<void> {
  await mark(tx, ids, at);
  await setSuspension(tx, ids, { suspended_at: now, suspension_reason: reason });
}

async function unrestricted({ db }: Tx, ids: readonly string[]): Promise<string[]> {
  const rows = await selectInChunks(ids, (chunk) =>
    db
      .selectFrom('accounts')
      .where('id', 'in', chunk)
      .where('restricted_at', 'is', null)
      .select('id')
      .execute(),
  );
  return rows.map(({ id }) => id);
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
