import { looksLikeId } from '../catalogue/words.ts';
import type { Tx } from '../store/store.ts';

/** To what something was done. Nothing of it is what a caller wrote: only ids of what is there. */
export interface Subject {
  /** Whose it is, when it is a customer's. */
  readonly accountId?: string | undefined;
  /** Ids of it, by kind: account, subscription, device, adjustment. */
  readonly ofAccount: Readonly<Record<string, string>>;
  /** Ids of what is the operator's own, by kind; and figures. */
  readonly own: Readonly<Record<string, string | number>>;
}

export const noSubject: Subject = { ofAccount: {}, own: {} };

/** What a request names, by the names of its parameters: names of things or ids, in the words of the caller. */
export type Named = Readonly<Record<string, unknown>>;

const kinds: Readonly<Record<string, string>> = {
  acc: 'account',
  sub: 'subscription',
  dev: 'device',
  adj: 'adjustment',
  tar: 'tariff',
  nod: 'node',
  grp: 'group',
  key: 'key',
  whk: 'webhook',
  ers: 'erasure',
};

/** What is there of what a request named; `made` are ids from the answer. */
export async function findSubject(tx: Tx, named: Named, made: readonly string[] = []): Promise<Subject> {
  const ids: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(named)) {
    if (typeof name !== 'string') continue;
    const id = await findId(tx, parameter, name);
    if (id !== undefined) note(ids, id);
  }
  for (const id of made) note(ids, id);
  const { account, subscription, device, adjustment, ...own } = ids;
  const ofAccount = Object.fromEntries(
    Object.entries({ account, subscription, device, adjustment }).filter(([, id]) => id !== undefined),
  ) as Record<string, string>;
  const accountId = await findOwner(tx, ofAccount);
  // Of a customer that is not there any more, no id may stay.
  return accountId === undefined ? { ofAccount: {}, own } : { accountId, ofAccount, own };
}

function note(ids: Record<string, string>, id: string): void {
  const kind = looksLikeId(id) ? kinds[id.slice(0, 3)] : undefined;
  if (kind !== undefined) ids[kind] ??= id;
}

/** Tables in which a parameter's value is looked for: its id, and the column of its name. */
const tables = {
  account: ['accounts', 'reference'],
  tariff: ['tariffs', 'name'],
  subscription: ['subscriptions', 'id'],
  adjustment: ['adjustments', 'id'],
  device: ['devices', 'id'],
  node: ['nodes', 'name'],
  group: ['groups', 'name'],
  webhook: ['webhooks', 'id'],
  key: ['api_keys', 'name'],
} as const;

async function findId(tx: Tx, parameter: string, name: string): Promise<string | undefined> {
  if (!Object.hasOwn(tables, parameter)) return undefined;
  const [table, column] = tables[parameter as keyof typeof tables];
  const text = name.normalize('NFC');
  const row = await tx.db
    .selectFrom(table)
    .where((where) => where.or([where('id', '=', text), where(column as 'id', '=', text)]))
    .select('id')
    .executeTakeFirst();
  // Subscriptions can be named by their account.
  return row?.id ?? (parameter === 'subscription' ? findId(tx, 'account', name) : undefined);
}

async function findOwner(tx: Tx, ids: Readonly<Record<string, string>>): Promise<string | undefined> {
  const { account, subscription, device, adjustment } = ids;
  const ofSubscription = subscription ?? (await subscriptionOf(tx, { device, adjustment }));
  if (ofSubscription !== undefined) {
    const row = await tx.db
      .selectFrom('subscriptions')
      .where('id', '=', ofSubscription)
      .select('account_id')
      .executeTakeFirst();
    if (row !== undefined) return row.account_id;
  }
  if (account === undefined) return undefined;
  const row = await tx.db.selectFrom('accounts').where('id', '=', account).select('id').executeTakeFirst();
  return row?.id;
}

async function subscriptionOf(
  tx: Tx,
  { device, adjustment }: { device: string | undefined; adjustment: string | undefined },
): Promise<string | undefined> {
  const table = device === undefined ? 'adjustments' : 'devices';
  const id = device ?? adjustment;
  if (id === undefined) return undefined;
  const row = await tx.db.selectFrom(table).where('id', '=', id).select('subscription_id').executeTakeFirst();
  return row?.subscription_id;
}
