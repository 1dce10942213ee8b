import { TurnpikeError } from '../../common/errors.ts';
import { lifePrefix } from './frame.ts';
import type { GateLimit, GateQuota, GateSpeed, ObservedGate } from './model.ts';
import { bellOf, limitName, quotaName, speedKeys, speedMaps, tableName } from './names.ts';

/** What `nft -j` prints: a list of objects with one key each, which names the kind (libnftables-json(5)). */
type Listing = readonly Readonly<Record<string, unknown>>[];

/**
 * The life mark of our table in `nft -j list chains`, or undefined without one. Listing chains is the one question that nft
 * answers without fetching all elements of all sets first.
 */
export function parseLife(output: string): string | undefined {
  for (const chain of ours<{ name: string; handle: number }>(parseListing(output), 'chain')) {
    if (chain.name.startsWith(lifePrefix)) return `${chain.name.slice(lifePrefix.length)}/${chain.handle}`;
  }
  return undefined;
}

/** The part of a life mark that {@link parseLife} gives which the table was made with. */
export function lifeTag(life: string): string {
  return life.split('/')[0] ?? '';
}

/** Bytes that may still pass each quota: `nft -j list quotas`. */
export function parseQuotasRemaining(output: string): Map<string, bigint> {
  return new Map(
    quotas(parseListing(output)).map(({ name, bytes, used }) => [
      quotaName(name),
      used > bytes ? 0n : bytes - used,
    ]),
  );
}

/** Bytes by address in `nft -j list set` of a set with counters. */
export function parseCounters(output: string, set: string): Map<string, bigint> {
  const counters = new Map<string, bigint>();
  for (const { val, counter } of elements(parseListing(output), 'set', set)) {
    if (counter === undefined) throw unexpected(`${set} has no counters`);
    counters.set(val, BigInt(counter.bytes));
  }
  return counters;
}

/** `nft -j list table`. */
export function parseTable(output: string): ObservedGate {
  const listing = parseListing(output);
  const counted = new Set<string>();
  const unlimited = new Set<string>();
  const allowance = new Set<string>();
  const quotaOf = new Map<string, string>();
  const unheard = new Set<string>();
  const endsIn = new Map<string, number>();
  for (const family of [4, 6]) {
    const up = new Set(elements(listing, 'set', `up${family}`).map(({ val }) => val));
    for (const { val } of elements(listing, 'set', `down${family}`)) if (up.has(val)) counted.add(val);
    for (const [name, set] of [
      ['unlimited', unlimited],
      ['idle', allowance],
    ] as const) {
      for (const { val, expires } of elements(listing, 'set', `${name}${family}`)) {
        set.add(val);
        if (expires !== undefined) endsIn.set(val, expires);
      }
    }
    for (const { val } of elements(listing, 'set', `unheard${family}`)) unheard.add(val);
    for (const { val, target } of elements(listing, 'map', `grant${family}`)) {
      if (target === undefined) throw unexpected(`grant${family} points nowhere`);
      quotaOf.set(val, quotaName(target));
    }
  }
  const found = quotas(listing).map(({ name, bytes }): [string, GateQuota] => [quotaName(name), { bytes }]);
  const reach = { counted, unlimited, allowance, quotaOf, unheard, endsIn, quotas: new Map(found) };
  return { ...reach, limits: limits(listing), speedOf: speeds(listing) };
}

function parseListing(output: string): Listing {
  // JSON.parse would round what is above 2^53; as text it reaches BigInt whole.
  const listing = JSON.parse(output.replace(/: (\d{16,})/g, ': "$1"')) as { nftables?: Listing };
  if (!Array.isArray(listing.nftables)) throw unexpected('no list');
  return listing.nftables;
}

/** The objects of one kind that are in our table. */
function ours<Item>(listing: Listing, kind: string): Item[] {
  const found: Item[] = [];
  for (const entry of listing) {
    const item = entry[kind] as (Item & { family: string; table: string }) | undefined;
    if (item?.family === 'inet' && item.table === tableName) found.push(item);
  }
  return found;
}

function quotas(listing: Listing): { name: string; bytes: bigint; used: bigint }[] {
  return ours<{ name: string; bytes: number | string; used: number | string }>(listing, 'quota')
    .filter(({ name }) => bellOf(name) === undefined)
    .map(({ name, bytes, used }) => ({ name, bytes: BigInt(bytes), used: BigInt(used) }));
}

const units: Readonly<Record<string, bigint>> = { bytes: 1n, kbytes: 1024n, mbytes: 1024n * 1024n };

function limits(listing: Listing): Map<string, GateLimit> {
  type Limit = { name: string; rate: number | string; rate_unit?: string };
  const found = ours<Limit>(listing, 'limit').map(({ name, rate, rate_unit }): [string, GateLimit] => {
    const unit = units[rate_unit ?? ''];
    if (unit === undefined) throw unexpected(`the limit ${name} is not of bytes`);
    return [limitName(name), { bytesPerSecond: BigInt(rate) * unit }];
  });
  return new Map(found);
}

function speeds(listing: Listing): Map<string, GateSpeed> {
  const found = new Map<string, GateSpeed>();
  for (const key of speedKeys) {
    for (const family of [4, 6]) {
      for (const { val, target = '' } of elements(listing, 'map', `${speedMaps[key]}${family}`)) {
        found.set(val, { ...found.get(val), [key]: limitName(target) });
      }
    }
  }
  return found;
}

interface Element {
  readonly val: string;
  readonly counter?: { readonly bytes: number | string };
  /** Seconds that an element with a timeout has left. */
  readonly expires?: number;
  /** Of a map: what the element points to. */
  readonly target?: string;
}

// An element is its bare value; or {elem: {val, …}} when it has anything of its own; in a map, a pair of that and a target.
type RawElement =
  | string
  | { readonly elem: Element }
  | readonly [string | { readonly elem: Element }, string];

function elements(listing: Listing, kind: 'set' | 'map', name: string): Element[] {
  const found = ours<{ name: string; elem?: readonly RawElement[] }>(listing, kind).find(
    (set) => set.name === name,
  );
  if (found === undefined) throw unexpected(`${kind} ${name} is missing`);
  return (found.elem ?? []).map((raw) => {
    if (typeof raw === 'string') return { val: raw };
    if ('elem' in raw) return raw.elem;
    const [key, target] = raw;
    return typeof key === 'string' ? { val: key, target } : { ...key.elem, target };
  });
}

function unexpected(what: string): TurnpikeError {
  return new TurnpikeError('environment', `nft describes our table in an unexpected way: ${what}`, {
    remedy: 'somebody may have changed it; turnpike-agent makes it anew',
  });
}
