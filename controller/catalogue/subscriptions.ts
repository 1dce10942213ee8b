import { TurnpikeError } from '../../common/errors.ts';
import { grantAllowances } from '../accounting/begin-period.ts';
import { turnLedger } from '../accounting/turn.ts';
import type { Context } from '../books/context.ts';
import { touchDevices } from '../desired/touch.ts';
import { chunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { loadAccount } from './account-view.ts';
import { loadAdjustments } from './adjustment-view.ts';
import type { AccountScope, NewSubscription, PageFilter, Search } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { findAccount, findLiveSubscription, findSubscription, findTariff } from './find.ts';
import { insertSubscription } from './insert-subscription.ts';
import { accountsInScope } from './links.ts';
import { orders } from './order.ts';
import { beginsWith, noLimit } from './paging.ts';
import { seesListed } from './reach.ts';
import { loadRenewals } from './renewal-view.ts';
import { loadSubscription, loadSubscriptions } from './subscription-view.ts';
import type { Bookings, Subscription } from './views.ts';
import { parseLine } from './words.ts';

export function createSubscription(context: Context, input: NewSubscription): Promise<Subscription> {
  return context.store.transaction(async (tx) => {
    const account = await findAccount(tx, input.account);
    const tariff = await findTariff(tx, input.tariff);
    const id = await insertSubscription(context, tx, account.id, tariff, input);
    await grantAllowances(context, tx, [id]);
    return loadSubscription(tx, id);
  });
}

export function listSubscriptions(
  { store }: Context,
  filter: { account?: string } & AccountScope & Search & PageFilter = {},
): Promise<Subscription[]> {
  return store.transaction(async (tx) => {
    const { column } = orders.subscriptions(filter.search);
    let query = tx.db
      .selectFrom('subscriptions')
      .where(await seesListed(tx, 'subscriptions.id'))
      .select('id')
      .orderBy(column)
      .orderBy('id');
    if (filter.account !== undefined) {
      const account = await findAccount(tx, filter.account);
      query = query.where('account_id', 'in', await accountsInScope(tx, account, filter.only ?? false));
    }
    if (filter.search !== undefined) query = query.where(beginsWith('reference', filter.search));
    if (filter.after !== undefined) {
      query = query.where(afterCursor('subscriptions', filter.after, filter.search));
    }
    const rows = await query.limit(filter.limit ?? noLimit).execute();
    return loadSubscriptions(
      tx,
      rows.map(({ id }) => id),
    );
  });
}

export function getSubscription({ store }: Context, id: string): Promise<Subscription & Bookings> {
  return store.transaction(async (tx) => {
    await findSubscription(tx, id);
    return {
      ...(await loadSubscription(tx, id)),
      adjustments: await loadAdjustments(tx, id),
      renewals: await loadRenewals(tx, id),
    };
  });
}

export function suspend(context: Context, id: string, input: { reason: string }): Promise<Subscription> {
  const reason = parseLine('reason', input.reason);
  return context.store.transaction(async (tx) => {
    const { suspended_at } = await findLiveSubscription(tx, id);
    if (suspended_at !== null) {
      throw new TurnpikeError('conflict', `subscription ${id} is suspended already`);
    }
    await setSuspension(tx, [id], { suspended_at: context.clock.now(), suspension_reason: reason });
    return loadSubscription(tx, id);
  });
}

export function resume(context: Context, id: string): Promise<Subscription> {
  return context.store.transaction(async (tx) => {
    const { suspended_at, account_id } = await findLiveSubscription(tx, id);
    if (suspended_at === null) throw await notSuspended(tx, id, account_id);
    await setSuspension(tx, [id], { suspended_at: null, suspension_reason: null });
    await turnLedger(context, tx, [id], { resumed: true });
    return loadSubscription(tx, id);
  });
}

async function notSuspended(tx: Tx, id: string, accountId: string): Promise<TurnpikeError> {
  const { reference, suspendedAt } = await loadAccount(tx, accountId);
  const remedy = suspendedAt === null ? {} : { remedy: `turnpike account resume "${reference}"` };
  const but = suspendedAt === null ? '' : ', but its account is';
  return new TurnpikeError('conflict', `subscription ${id} is not suspended${but}`, remedy);
}

/** Of subscriptions that are neither cancelled nor so already. */
export async function setSuspension(
  tx: Tx,
  ids: readonly string[],
  suspension: Pick<Row<'subscriptions'>, 'suspended_at' | 'suspension_reason'>,
): Promise<void> {
  for (const chunk of chunks(ids)) {
    await tx.db.updateTable('subscriptions').set(suspension).where('id', 'in', chunk).execute();
  }
  await touchDevices(tx, ids);
}
