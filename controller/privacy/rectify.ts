import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { loadAccount } from '../catalogue/account-view.ts';
import { refuseTakenReference } from '../catalogue/accounts.ts';
import { findAccount } from '../catalogue/find.ts';
import type { Account } from '../catalogue/views.ts';
import { parseReference } from '../catalogue/words.ts';

/** Puts right under which reference a customer is known; nothing of the old one stays. */
export function rectifyAccount(
  { store }: Context,
  name: string,
  { reference: given }: { reference: string },
): Promise<Account> {
  const reference = parseReference(given);
  return store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    if (account.reference === reference) {
      throw new TurnpikeError('conflict', 'that is its reference already');
    }
    await refuseTakenReference(tx, reference, account.tag);
    await tx.db.updateTable('accounts').set({ reference }).where('id', '=', account.id).execute();
    return loadAccount(tx, account.id);
  });
}
