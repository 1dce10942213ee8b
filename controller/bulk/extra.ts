import type { Context } from '../books/context.ts';
import { seesSubscription } from '../catalogue/reach.ts';
import { setSuspension } from '../catalogue/subscriptions.ts';
import { refuseAborted } from './abort.ts';

interface Found {
  readonly id: string;
  readonly reference: string | null;
}

const pageSize = 500;

/** Subscriptions that are neither listed nor suspended or cancelled, some at a time. */
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
        .where('id', '>', after)
        .where(seesSubscription(tx, 'subscriptions.id'))
        .orderBy('id')
        .limit(pageSize)
        .select(['id', 'reference', 'suspended_at', 'cancelled_at'])
        .execute(),
    );
    yield page.filter(
      ({ id, suspended_at, cancelled_at }) =>
        !listed.has(id) && suspended_at === null && cancelled_at === null,
    );
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = last.id;
  }
}

export function suspendExtra({ store, clock }: Context, found: readonly Found[]): Promise<void> {
  return store.transaction((tx) =>
    setSuspension(
      tx,
      found.map(({ id }) => id),
      { suspended_at: clock.now(), suspension_reason: 'the billing system does not list it' },
    ),
  );
}
