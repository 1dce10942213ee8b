import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { loadAccount } from './account-view.ts';
import type { AccountSettings } from './catalogue.ts';
import { findAccount } from './find.ts';
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
    return loadAccount(tx, id);
  });
}
