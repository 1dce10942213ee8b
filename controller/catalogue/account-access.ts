import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { loadAccountDetail } from './accounts.ts';
import type { AccountScope } from './catalogue.ts';
import { findAccount } from './find.ts';
import { accountsInScope } from './links.ts';
import { resumeIn, suspendIn } from './subscriptions.ts';
import type { AccountDetail } from './views.ts';
import { parseLine } from './words.ts';

export function suspendAccount(
  context: Context,
  name: string,
  { reason: given, only = false }: { reason: string } & AccountScope,
): Promise<AccountDetail> {
  const reason = parseLine('reason', given);
  return context.store.transaction(async (tx) => {
    const open = (await loadScope(tx, name, only)).filter((row) => row.suspended_at === null);
    if (open.length === 0) throw nothingToDo(name, 'to suspend');
    for (const { id } of open) await suspendIn(context, tx, id, reason);
    return loadAccountDetail(tx, name, only);
  });
}

export function resumeAccount(
  context: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<AccountDetail> {
  return context.store.transaction(async (tx) => {
    const suspended = (await loadScope(tx, name, only)).filter((row) => row.suspended_at !== null);
    if (suspended.length === 0) throw nothingToDo(name, 'to resume');
    for (const { id } of suspended) await resumeIn(context, tx, id);
    return loadAccountDetail(tx, name, only);
  });
}

async function loadScope(tx: Tx, name: string, only: boolean) {
  const accounts = await accountsInScope(tx, await findAccount(tx, name), only);
  return selectInChunks(accounts, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .where('account_id', 'in', chunk)
      .where('cancelled_at', 'is', null)
      .select(['id', 'suspended_at'])
      .execute(),
  );
}

function nothingToDo(name: string, what: string): TurnpikeError {
  return new TurnpikeError('conflict', `account "${name}" has no subscription ${what}`, {
    remedy: `see "turnpike account show ${name}"`,
  });
}
