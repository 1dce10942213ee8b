import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { PageFilter } from './catalogue.ts';
import { findAccount } from './find.ts';
import { afterItem, noLimit } from './paging.ts';
import { loadSubscriptions } from './subscription-view.ts';
import type { Account, Subscription } from './views.ts';
import { looksLikeId, parseLine } from './words.ts';

export function addAccount({ store, clock }: Context, input: { reference: string }): Promise<Account> {
  const reference = parseLine('reference', input.reference, 128);
  if (looksLikeId(reference)) {
    throw new TurnpikeError('invalid', 'a reference may not have the form of one of our ids', {
      remedy: 'put something before it',
    });
  }
  return store.transaction(async ({ db }) => {
    const known = await db
      .selectFrom('accounts')
      .where('reference', '=', reference)
      .select('id')
      .executeTakeFirst();
    if (known) {
      throw new TurnpikeError('conflict', `there is an account "${reference}" already: ${known.id}`);
    }
    const account = { id: newId('acc'), reference, created_at: clock.now() };
    await db.insertInto('accounts').values(account).execute();
    return toAccount(account);
  });
}

export function listAccounts({ store }: Context, page: PageFilter = {}): Promise<Account[]> {
  return store.transaction(async (tx) => {
    let query = tx.db.selectFrom('accounts').selectAll().orderBy('created_at').orderBy('id');
    if (page.after !== undefined) query = query.where(await afterItem(tx, 'accounts', page.after));
    return (await query.limit(page.limit ?? noLimit).execute()).map(toAccount);
  });
}

export function getAccount(
  context: Context,
  name: string,
): Promise<Account & { subscriptions: Subscription[] }> {
  return context.store.transaction(async (tx) => {
    const account = await findAccount(tx, name);
    const subscriptions = await tx.db
      .selectFrom('subscriptions')
      .where('account_id', '=', account.id)
      .select('id')
      .orderBy('created_at')
      .orderBy('id')
      .execute();
    return {
      ...toAccount(account),
      subscriptions: await loadSubscriptions(
        tx,
        subscriptions.map(({ id }) => id),
      ),
    };
  });
}

function toAccount({ id, reference, created_at }: Row<'accounts'>): Account {
  return { id, reference, createdAt: created_at };
}
