import { TurnpikeError } from '../../common/errors.ts';
import type { Tx } from '../store/store.ts';

/** @throws TurnpikeError `conflict` where what is held of the account is kept, and not used */
export async function refuseRestrictedAccount(tx: Tx, accountId: string): Promise<void> {
  const row = await tx.db
    .selectFrom('accounts')
    .where('id', '=', accountId)
    .where('restricted_at', 'is not', null)
    .select('id')
    .executeTakeFirst();
  if (row === undefined) return;
  throw new TurnpikeError('conflict', `what is held of account ${row.id} is kept and not used`, {
    remedy: `turnpike privacy unrestrict ${row.id}`,
  });
}
