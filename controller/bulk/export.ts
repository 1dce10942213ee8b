import type { Context } from '../books/context.ts';
import { seesAccount } from '../catalogue/reach.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import type { DeviceLine, Line, SubscriptionLine } from './line.ts';

const pageSize = 200;

/** Page by page, in the order of ids. */
export async function* exportLines({ store }: Context): AsyncGenerator<Line[]> {
  let after = '';
  for (;;) {
    const { lines, last } = await store.transaction((tx) => loadPage(tx, after));
    if (lines.length > 0) yield lines;
    if (last === undefined) return;
    after = last;
  }
}

async function loadPage(tx: Tx, after: string): Promise<{ lines: Line[]; last: string | undefined }> {
  const rows = await tx.db
    .selectFrom('subscriptions')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .where('subscriptions.id', '>', after)
    .where('subscriptions.cancelled_at', 'is', null)
    .where(seesAccount(tx))
    .orderBy('subscriptions.id')
    .limit(pageSize)
    .selectAll('subscriptions')
    .select(['accounts.reference as account', 'tariffs.name as tariff'])
    .execute();
  const devices = await loadDevices(
    tx,
    rows.map(({ id }) => id),
  );
  const lines = rows.flatMap((row): Line[] => {
    const subscription: SubscriptionLine = {
      type: 'subscription',
      reference: row.reference,
      // Another controller does not know it, and has no need of it where there is a reference.
      ...(row.reference === null && { id: row.id }),
      account: row.account,
      tariff: row.tariff,
      timeZone: row.time_zone,
      starts:
        row.starts === 'first-connection' || row.starts_at === null ? 'first-connection' : iso(row.starts_at),
      // Before its first connection nobody knows it, unless it was set.
      ...((row.expires_at !== null || row.starts_at !== null) && {
        expires: row.expires_at === null ? null : iso(row.expires_at),
      }),
      suspended: row.suspended_at === null ? null : row.suspension_reason,
    };
    const named = row.reference ?? row.id;
    return [
      subscription,
      ...(devices.get(row.id) ?? []).map(
        (one): DeviceLine => ({ type: 'device', subscription: named, ...one }),
      ),
    ];
  });
  return { lines, last: rows.length < pageSize ? undefined : rows.at(-1)?.id };
}

async function loadDevices(tx: Tx, subscriptions: readonly string[]) {
  const rows = await selectInChunks(subscriptions, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .orderBy('created_at')
      .orderBy('id')
      .select(['subscription_id', 'public_key', 'label', 'platform'])
      .execute(),
  );
  const lines = Map.groupBy(rows, ({ subscription_id }) => subscription_id);
  return new Map(
    [...lines].map(([id, devices]) => [
      id,
      devices.flatMap(({ public_key: publicKey, label, platform }) =>
        publicKey === null ? [] : [{ publicKey, label, platform }],
      ),
    ]),
  );
}

function iso(instant: number): string {
  return new Date(instant).toISOString();
}
