import type { Origin } from '../audit/audit.ts';
import type { Context } from '../books/context.ts';
import { seesAccount } from '../catalogue/reach.ts';
import { setSuspension } from '../catalogue/subscriptions.ts';
import { refuseAborted } from './abort.ts';
import { noteChanged } from './note.ts';

interface Found {
  readonly id: string;
  readonly reference: string | null;
}

const pageSize = 500;

/** Subscriptions that are neither listed nor suspended or cancelled, nor of a restricted account; some at a time. */
export async function* findExtra(
  { store }: Context,
  listed: ReadonlySet<string>,
  signal: AbortSignal,
): AsyncGenerator<Found[]> {
  let after = '';
  for (;;) {
    refuseAborted(signal);
    const page = await store.transaction((tx) =>
      tx.db
        .selectFrom('subscriptions')
        .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
        .where('subscriptions.id', '>', after)
        .where(seesAccount(tx))
        .orderBy('subscriptions.id')
        .limit(pageSize)
        .select([
          ...(['subscriptions.id', 'subscriptions.reference', 'subscriptions.suspended_at'] as const),
          ...(['subscriptions.cancelled_at', 'accounts.restricted_at'] as const),
        ])
        .execute(),
    );
    yield page.filter(
      ({ id, suspended_at, cancelled_at, restricted_at }) =>
        !listed.has(id) && suspended_at === null && cancelled_at === null && restricted_at === null,
    );
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = last.id;
  }
}

export function suspendExtra(
  context: Context,
  found: readonly Found[],
  origin: Origin | undefined,
): Promise<void> {
  const { store, clock } = context;
  const ids = found.map(({ id }) => id);
  return store.transaction(async (tx) => {
    await setSuspension(tx, ids, {
      suspended_at: clock.now(),
      suspension_reason: 'the billing system does not list it',
    });
    if (origin !== undefined) await noteChanged(context, tx, origin, ids);
  });
}
