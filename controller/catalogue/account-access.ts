import { TurnpikeError } from '../../common/errors.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { touchDevices } from '../desired/touch.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { loadAccountDetail } from './accounts.ts';
import type { AccountScope } from './catalogue.ts';
import { findAccount } from './find.ts';
import { accountsInScope } from './links.ts';
import { refuseRestrictedAccount } from './restricted.ts';
import type { AccountChange } from './views.ts';
import { parseLine } from './words.ts';

export function suspendAccount(
  { store, clock }: Context,
  name: string,
  { reason: given, only = false }: { reason: string } & AccountScope,
): Promise<AccountChange> {
  const reason = parseLine('reason', given);
  return store.transaction(async (tx) => {
    const open = await loadScope(tx, name, only, ({ suspended_at }) => suspended_at === null);
    if (open.length === 0) throw nothingToDo(name, 'is suspended already');
    const ids = open.map(({ id }) => id);
    await setSuspension(tx, ids, { suspended_at: clock.now(), suspension_reason: reason });
    return { ...(await loadAccountDetail(tx, name, only)), changed: referencesOf(open) };
  });
}

export function resumeAccount(
  context: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<AccountChange> {
  return context.store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    const suspended = await loadScope(tx, name, only, ({ suspended_at }) => suspended_at !== null);
    if (account.suspended_at === null) throw notSuspended(account, suspended);
    const together = suspended.filter((one) => isSameSuspension(one, account));
    const ids = together.map(({ id }) => id);
    const opened = await setSuspension(tx, ids, { suspended_at: null, suspension_reason: null });
    for (const chunk of chunks(opened)) await turnLedger(context, tx, chunk, { resumed: true });
    return { ...(await loadAccountDetail(tx, name, only)), changed: referencesOf(together) };
  });
}

function referencesOf(accounts: readonly Row<'accounts'>[]): string[] {
  return accounts.map(({ reference }) => reference).toSorted();
}

/** Who was suspended for something of his own is not opened by what somebody else has paid. */
function isSameSuspension(one: Row<'accounts'>, other: Row<'accounts'>): boolean {
  return one.suspended_at === other.suspended_at && one.suspension_reason === other.suspension_reason;
}

function notSuspended({ reference }: Row<'accounts'>, linked: readonly Row<'accounts'>[]): TurnpikeError {
  if (linked.length === 0) return nothingToDo(reference, 'is not suspended');
  const commands = linked.slice(0, 5).map((one) => `turnpike account resume "${one.reference}"`);
  return new TurnpikeError(
    'conflict',
    `account "${reference}" is not suspended; of those that it is linked with, ${linked.length} ${linked.length === 1 ? 'is' : 'are'}`,
    { remedy: commands.join(', ') },
  );
}

async function loadScope(
  tx: Tx,
  name: string,
  only: boolean,
  which: (account: Row<'accounts'>) => boolean,
): Promise<Row<'accounts'>[]> {
  const account = await findAccount(tx, name);
  await refuseRestrictedAccount(tx, account.id);
  const ids = await accountsInScope(tx, account, only);
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db.selectFrom('accounts').where('id', 'in', chunk).selectAll().execute(),
  );
  // A linked one that is restricted stays as it is.
  return rows.filter((row) => row.restricted_at === null && which(row));
}

/** Gives the ids of their subscriptions that are not cancelled. */
export async function setSuspension(
  tx: Tx,
  accounts: readonly string[],
  suspension: Pick<Row<'accounts'>, 'suspended_at' | 'suspension_reason'>,
): Promise<string[]> {
  for (const chunk of chunks(accounts)) {
    await tx.db.updateTable('accounts').set(suspension).where('id', 'in', chunk).execute();
  }
  const subscriptions = await selectInChunks(accounts, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .where('account_id', 'in', chunk)
      .where('cancelled_at', 'is', null)
      .select('id')
      .execute(),
  );
  const ids = subscriptions.map(({ id }) => id);
  await touchDevices(tx, ids);
  return ids;
}

function nothingToDo(name: string, why: string): TurnpikeError {
  return new TurnpikeError('conflict', `account "${name}" ${why}`, {
    remedy: `see "turnpike account show ${name}"`,
  });
}
