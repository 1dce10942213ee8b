import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { AddressRange } from '../catalogue/address-range.ts';
import { countedDevices } from '../catalogue/device-limit.ts';
import { nextSlot } from '../catalogue/slots.ts';
import { looksLikeId } from '../catalogue/words.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { Line } from './line.ts';

type KnownAccount = Pick<Row<'accounts'>, 'id' | 'reference'>;
type KnownDevice = Pick<Row<'devices'>, 'subscription_id' | 'label' | 'platform'>;

export interface KnownSubscription {
  readonly row: Row<'subscriptions'>;
  readonly account: string;
  /** Not removed ones. */
  devices: number;
}

/** The books as far as some lines speak of them, read with few questions. */
export interface Known {
  /** By id and by name. */
  readonly tariffs: ReadonlyMap<string, Row<'tariffs'>>;
  /** By id and by reference. */
  readonly accounts: Map<string, KnownAccount>;
  /** By id and by reference. */
  readonly subscriptions: Map<string, KnownSubscription>;
  /** By public key. */
  readonly devices: Map<string, KnownDevice>;
  /** Names and keys of what is hidden from whoever asks, restricted, or a node's: of those the books themselves tell. */
  readonly aside: Set<string>;
  /** Devices for which there are addresses that nobody had yet. */
  slotsLeft: number;
}

export async function loadKnown(tx: Tx, range: AddressRange, lines: readonly Line[]): Promise<Known> {
  const aside = new Set<string>();
  const subscriptionNames = distinct(lines, (line) =>
    line.type === 'device' ? [line.subscription] : [line.reference, line.id, line.account],
  );
  const accountNames = distinct(lines, (line) =>
    line.type === 'device' ? [line.subscription] : [line.account, line.reference],
  );
  const keys = distinct(lines, (line) => (line.type === 'device' ? [line.publicKey] : []));
  const tariffNames = distinct(lines, (line) => (line.type === 'subscription' ? [line.tariff] : []));
  const subscriptions = await loadSubscriptions(tx, subscriptionNames, aside);
  const theirs = [...subscriptions.values()].map(({ row }) => row.tariff_id);
  await findNodes(tx, keys, aside);
  return {
    aside,
    subscriptions,
    tariffs: await loadTariffs(tx, [...new Set([...tariffNames, ...theirs])]),
    accounts: await loadAccounts(tx, accountNames, aside),
    devices: await loadDevices(tx, keys),
    slotsLeft: range.lastSlot + 1 - (await nextSlot(tx)),
  };
}

function distinct(
  lines: readonly Line[],
  of: (line: Line) => readonly (string | null | undefined)[],
): string[] {
  return [...new Set(lines.flatMap(of).flatMap((name) => name ?? []))];
}

/**
 * No name has the form of an id, so that each word is looked for once. An empty list would be left out of the query's plan,
 * and the whole table read.
 */
function named(ids: string, names: string, words: readonly string[]): RawBuilder<SqlBool> {
  const among = (column: string, some: readonly string[]) =>
    some.length === 0 ? [] : [sql`${sql.ref(column)} IN (${sql.join(some)})`];
  const either = [
    ...among(ids, words.filter(looksLikeId)),
    ...among(
      names,
      words.filter((word) => !looksLikeId(word)),
    ),
  ];
  return sql`(${sql.join(either, sql` OR `)})`;
}

async function loadTariffs(tx: Tx, names: readonly string[]): Promise<Map<string, Row<'tariffs'>>> {
  const rows = await selectInChunks(names, (chunk) =>
    tx.db
      .selectFrom('tariffs')
      .where(named('id', 'name', chunk))
      .selectAll()
      .execute(),
  );
  return new Map(rows.flatMap((row) => [[row.id, row] as const, [row.name, row] as const]));
}

async function loadAccounts(
  tx: Tx,
  names: readonly string[],
  aside: Set<string>,
): Promise<Map<string, KnownAccount>> {
  const rows = await selectInChunks(names, (chunk) =>
    tx.db
      .selectFrom('accounts')
      .where(named('id', 'reference', chunk))
      .select(['id', 'reference', 'tag', 'restricted_at'])
      .execute(),
  );
  const known = new Map<string, KnownAccount>();
  for (const row of rows) {
    for (const name of [row.id, row.reference]) {
      if (isPlain(tx, row)) known.set(name, row);
      else aside.add(name);
    }
  }
  return known;
}

async function loadSubscriptions(
  tx: Tx,
  names: readonly string[],
  aside: Set<string>,
): Promise<Map<string, KnownSubscription>> {
  const rows = await selectInChunks(names, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
      .where(named('subscriptions.id', 'subscriptions.reference', chunk))
      .selectAll('subscriptions')
      .select([
        'accounts.reference as account',
        'accounts.tag',
        'accounts.restricted_at',
        countedDevices.as('devices'),
      ])
      .execute(),
  );
  const known = new Map<string, KnownSubscription>();
  for (const { account, tag, restricted_at, devices, ...row } of rows) {
    const one = { row, account, devices: Number(devices) };
    for (const name of [row.id, row.reference ?? row.id]) {
      if (isPlain(tx, { tag, restricted_at })) known.set(name, one);
      else aside.add(name);
    }
  }
  return known;
}

async function loadDevices(tx: Tx, keys: readonly string[]): Promise<Map<string, KnownDevice>> {
  const rows = await selectInChunks(keys, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('public_key', 'in', chunk)
      .select(['public_key', 'subscription_id', 'label', 'platform'])
      .execute(),
  );
  return new Map(rows.flatMap(({ public_key: key, ...row }) => (key === null ? [] : [[key, row] as const])));
}

async function findNodes(tx: Tx, keys: readonly string[], aside: Set<string>): Promise<void> {
  const rows = await selectInChunks(keys, (chunk) =>
    tx.db
      .selectFrom('nodes')
      .where('public_key', 'in', chunk)
      .where('removed_at', 'is', null)
      .select('public_key')
      .execute(),
  );
  for (const { public_key } of rows) if (public_key !== null) aside.add(public_key);
}

function isPlain(
  { tag: own }: Tx,
  { tag, restricted_at }: Pick<Row<'accounts'>, 'tag' | 'restricted_at'>,
): boolean {
  return restricted_at === null && (own === undefined || own === tag);
}
