import { TurnpikeError } from '../../common/errors.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

/** What is held of an account is kept, and not used. */
export class RestrictedError extends TurnpikeError {
  constructor(accountId: string) {
    super('conflict', `what is held of account ${accountId} is kept and not used`, {
      remedy: `turnpike privacy unrestrict ${accountId}`,
    });
  }
}

/** @throws TurnpikeError `conflict` where what is held of the account is kept, and not used */
export function refuseRestrictedAccount(tx: Tx, accountId: string): Promise<void> {
  return refuseRestrictedAmong(tx, [accountId]);
}

/** @throws TurnpikeError `conflict` where what is held of one of them is kept, and not used */
export async function refuseRestrictedAmong(tx: Tx, accounts: readonly string[]): Promise<void> {
  const [row] = await selectInChunks(accounts, (chunk) =>
    tx.db
      .selectFrom('accounts')
      .where('id', 'in', chunk)
      .where('restricted_at', 'is not', null)
      .select('id')
      .limit(1)
      .execute(),
  );
  if (row === undefined) return;
  throw new RestrictedError(row.id);
}
