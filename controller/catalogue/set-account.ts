import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { loadAccount } from './account-view.ts';
import type { AccountSettings } from './catalogue.ts';
import { findAccount } from './find.ts';
import { refuseAccountsReference, refuseSubscriptionsReference } from './namesakes.ts';
import { parseTag } from './reach.ts';
import type { Account } from './views.ts';

export function setAccount({ store }: Context, name: string, { tag }: AccountSettings): Promise<Account> {
  return store.transaction(async (tx) => {
    const { id, link, reference, tag: before } = await findAccount(tx, name);
    const wished = tag == null ? tag : parseTag(tag);
    if (wished === undefined || wished === before) return loadAccount(tx, id);
    if (link !== null) {
      throw new TurnpikeError(
        'conflict',
        `account "${reference}" is linked with others, which have its tag`,
        {
          remedy: `turnpike account unlink "${reference}" first`,
        },
      );
    }
    await tx.db.updateTable('accounts').set({ tag: wished }).where('id', '=', id).execute();
    await refuseNamesakes(tx, id, reference, wished);
    return loadAccount(tx, id);
  });
}

/** @throws TurnpikeError `conflict` where its names are those of others, now that it has another tag */
async function refuseNamesakes(tx: Tx, id: string, reference: string, tag: string | null): Promise<void> {
  await refuseSubscriptionsReference(tx, reference, tag);
  const subscriptions = await tx.db
    .selectFrom('subscriptions')
    .where('account_id', '=', id)
    .where('reference', 'is not', null)
    .select('reference')
    .execute();
  for (const one of subscriptions) await refuseAccountsReference(tx, one.reference ?? '', id);
}
