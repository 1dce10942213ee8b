import { isIP } from 'node:net';
import { lifePrefix } from './frame.ts';
import { type Item, isItem, parseListing, readNumber, readText, unexpected } from './listing.ts';
import type { GateLimit, GateQuota, GateSpeed, ObservedGate } from './model.ts';
import { bellOf, limitName, quotaName, speedKeys, speedMaps, tableName } from './names.ts';

/**
 * The life mark of our table in `nft -j list chains`, or undefined without one. Listing chains is the one question that nft
 * answers without fetching all elements of all sets first.
 */
export function parseLife(output: string): string | undefined {
  return lifeIn(parseListing(output));
}

function lifeIn(listing: readonly unknown[]): string | undefined {
  for (const chain of ours(listing, 'chain')) {
    const name = readText(chain, 'name');
    if (name.startsWith(lifePrefix)) return `${name.slice(lifePrefix.length)}/${readNumber(chain, 'handle')}`;
  }
  return undefined;
}

/** The part of a life mark that {@link parseLife} gives which the table was made with. */
export function lifeTag(life: string): string {
  return life.split('/')[0] ?? '';
}

/** What `nft -t -j list ruleset` says: the life mark as {@link parseLife} does, and the bytes that may still pass each quota. */
export function parseRuleset(output: string): {
  readonly table: string | undefined;
  readonly quotaRemaining: Map<string, bigint>;
} {
  const listing = parseListing(output);
  return { table: lifeIn(listing), quotaRemaining: remainingIn(listing) };
}

function remainingIn(listing: readonly unknown[]): Map<string, bigint> {
  return new Map(
    quotas(listing).map(({ name, bytes, used }) => [quotaName(name), used > bytes ? 0n : bytes - used]),
  );
}

/** Bytes by address in `nft -j list set` of a set with counters. */
export function parseCounters(output: string, set: string): Map<string, bigint> {
  const counters = new Map<string, bigint>();
  for (const { val, counter } of elements(parseListing(output), 'set', set)) {
    if (counter === undefined) throw unexpected(`${set} has no counters`);
    counters.set(val, counter);
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

/** The objects of one kind that are in our table. */
function ours(listing: readonly unknown[], kind: string): Item[] {
  const found: Item[] = [];
  for (const entry of listing) {
    const item = isItem(entry) ? entry[kind] : undefined;
    if (isItem(item) && item['family'] === 'inet' && item['table'] === tableName) found.push(item);
  }
  return found;
}

function quotas(listing: readonly unknown[]): { name: string; bytes: bigint; used: bigint }[] {
  return ours(listing, 'quota')
    .map((item) => ({
      name: readText(item, 'name'),
      bytes: readNumber(item, 'bytes'),
      used: readNumber(item, 'used'),
    }))
    .filter(({ name }) => bellOf(name) === undefined);
}

const units: Readonly<Record<string, bigint>> = { bytes: 1n, kbytes: 1024n, mbytes: 1024n * 1024n };

function limits(listing: readonly unknown[]): Map<string, GateLimit> {
  const found = ours(listing, 'limit').map((item): [string, GateLimit] => {
    const name = readText(item, 'name');
    const unit = units[String(item['rate_unit'])];
    if (unit === undefined) throw unexpected('a limit is not of bytes');
    return [limitName(name), { bytesPerSecond: readNumber(item, 'rate') * unit }];
  });
  return new Map(found);
}

function speeds(listing: readonly unknown[]): Map<string, GateSpeed> {
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
  /** An address. */
  readonly val: string;
  /** Bytes. */
  readonly counter: bigint | undefined;
  /** Seconds that an element with a timeout has left. */
  readonly expires: number | undefined;
  /** Of a map: what the element points to. */
  readonly target: string | undefined;
}

function elements(listing: readonly unknown[], kind: 'set' | 'map', name: string): Element[] {
  const found = ours(listing, kind).find((set) => set['name'] === name);
  if (found === undefined) throw unexpected(`${kind} ${name} is missing`);
  const all = found['elem'] ?? [];
  if (!Array.isArray(all)) throw unexpected(`${kind} ${name} has no list of elements`);
  return all.map(readElement);
}

// An element is its bare value; or {elem: {val, …}} when it has anything of its own; in a map, a pair of that and a target.
function readElement(raw: unknown): Element {
  const [key, target] = Array.isArray(raw) ? raw : [raw, undefined];
  if (target !== undefined && typeof target !== 'string') throw unexpected('an element points to no object');
  const own = isItem(key) ? key['elem'] : { val: key };
  if (!isItem(own)) throw unexpected('an element is neither a value nor has one');
  const { val, counter, expires } = own;
  // Ours are of single addresses, not of ranges.
  if (typeof val !== 'string' || isIP(val) === 0) throw unexpected('an element is no address');
  return {
    val,
    target,
    counter: isItem(counter) ? readNumber(counter, 'bytes') : undefined,
    expires: expires === undefined ? undefined : Number(readNumber(own, 'expires')),
  };
}
