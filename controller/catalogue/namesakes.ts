import { type SqlBool, sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import type { Tx } from '../store/store.ts';

// A subscription may have the reference of another customer's account, as a billing system that counts both from 1
// gives it: who names that is told of both. Across tags it may not: a reseller could take away other people's names.

/** @throws TurnpikeError `conflict` where a subscription of this account may not have this reference */
export async function refuseAccountsReference(tx: Tx, reference: string, accountId: string): Promise<void> {
  const namesake = await tx.db
    .selectFrom('accounts')
    .where('reference', '=', reference)
    .where(sql<SqlBool>`tag IS NOT (SELECT tag FROM accounts WHERE id = ${accountId})`)
    .select('id')
    .executeTakeFirst();
  if (namesake !== undefined) throw taken(reference);
}

/** @throws TurnpikeError `conflict` where an account with this tag may not have this reference */
export async function refuseSubscriptionsReference(
  tx: Tx,
  reference: string,
  tag: string | null,
): Promise<void> {
  const namesake = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .where('subscriptions.reference', '=', reference)
    .where('accounts.tag', 'is not', tag)
    .select('subscriptions.id')
    .executeTakeFirst();
  if (namesake !== undefined) throw taken(reference);
}

function taken(reference: string): TurnpikeError {
  return new TurnpikeError('conflict', `"${reference}" is a reference of somebody with another tag`, {
    field: 'reference',
    remedy: 'give another one',
  });
}
