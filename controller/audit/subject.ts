import { TurnpikeError } from '../../common/errors.ts';
import { findDevice, findSubscriptionNamed, seekAccount } from '../catalogue/find.ts';
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

/** Something of a customer, of which all ids are known. */
export function subjectOf(ofAccount: { readonly account: string; readonly subscription?: string }): Subject {
  return { accountId: ofAccount.account, ofAccount: { ...ofAccount }, own: {} };
}

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
  for (const id of Object.values(await findNamed(tx, named))) note(ids, id);
  for (const id of made) note(ids, id);
  const { account, subscription, device, adjustment, ...own } = ids;
  const accountId = await findOwner(tx, { account, subscription, device, adjustment });
  // Of a customer that is not there any more, no id may stay.
  if (accountId === undefined) return { ofAccount: {}, own };
  const all = { account: accountId, subscription, device, adjustment };
  const ofAccount = Object.fromEntries(
    Object.entries(all).flatMap(([kind, id]) => (id === undefined ? [] : [[kind, id]])),
  );
  return { accountId, ofAccount, own };
}

/**
 * The ids of what a request names, by parameter, found as the catalogue finds it: a change may give it another name.
 * What is not there is left out. Ids that were found so are found again.
 */
export async function findNamed(tx: Tx, named: Named): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(named)) {
    if (typeof name !== 'string') continue;
    const id = await findId(tx, parameter, name);
    if (id !== undefined) found[parameter] = id;
  }
  return found;
}

/** All accounts whose something a request names. */
export async function findOwners(tx: Tx, named: Named): Promise<ReadonlySet<string>> {
  const owners = new Set<string>();
  for (const id of Object.values(await findNamed(tx, named))) {
    const ids: Record<string, string> = {};
    note(ids, id);
    const owner = await findOwner(tx, ids);
    if (owner !== undefined) owners.add(owner);
  }
  return owners;
}

function note(ids: Record<string, string>, id: string): void {
  const kind = looksLikeId(id) ? kinds[id.slice(0, 3)] : undefined;
  if (kind !== undefined) ids[kind] ??= id;
}

const seekAccountId: Seek = async (tx, name) => (await seekAccount(tx, name))?.id;

/** What is a customer's, by parameter; found by the catalogue itself, so that both always mean the same. */
const customers: Readonly<Record<string, Seek>> = {
  account: seekAccountId,
  with: seekAccountId,
  // One that cannot be told among several of an account is the account's all the same.
  subscription: async (tx, name) =>
    (await orNone(findSubscriptionNamed(tx, name)))?.id ?? seekAccountId(tx, name),
  device: async (tx, name) => (await orNone(findDevice(tx, name)))?.id,
};

type Seek = (tx: Tx, name: string) => Promise<string | undefined>;

async function orNone<Found>(finding: Promise<Found>): Promise<Found | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof TurnpikeError && ['invalid', 'not_found', 'conflict'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

/** Tables in which other parameters' values are looked for: the id, and the column of the name. */
const tables = {
  tariff: ['tariffs', 'name'],
  adjustment: ['adjustments', 'id'],
  node: ['nodes', 'name'],
  group: ['groups', 'name'],
  webhook: ['webhooks', 'id'],
  key: ['api_keys', 'name'],
} as const;

async function findId(tx: Tx, parameter: string, name: string): Promise<string | undefined> {
  if (Object.hasOwn(customers, parameter)) return customers[parameter]?.(tx, name);
  if (!Object.hasOwn(tables, parameter)) return undefined;
  const [table, column] = tables[parameter as keyof typeof tables];
  const text = name.normalize('NFC');
  const row = await tx.db
    .selectFrom(table)
    .where((where) => where.or([where('id', '=', text), where(column as 'id', '=', text)]))
    .select('id')
    .executeTakeFirst();
  return row?.id;
}

async function findOwner(
  tx: Tx,
  ids: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
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
