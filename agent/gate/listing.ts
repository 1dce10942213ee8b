import { TurnpikeError } from '../../common/errors.ts';

/** An object of nft's JSON, of which nothing is known yet. */
export type Item = Readonly<Record<string, unknown>>;

/**
 * What `nft -j` prints: a list of objects with one key each, which names the kind (libnftables-json(5)). Nothing that
 * was printed is repeated in an error: the rules of others hold addresses.
 * @throws TurnpikeError `environment`, as all here do
 */
export function parseListing(output: string): readonly unknown[] {
  const { nftables } = parseJson(output);
  if (!Array.isArray(nftables)) throw unexpected('no list');
  return nftables;
}

function parseJson(output: string): Item {
  let root: unknown;
  try {
    // JSON.parse would round what is above 2^53; as text it reaches BigInt whole.
    root = JSON.parse(output.replace(/: (\d{16,})/g, ': "$1"'));
  } catch {
    // Told below, because JSON.parse repeats what it reads.
  }
  if (!isItem(root)) throw unexpected('no JSON');
  return root;
}

export function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readText(item: Item, key: string): string {
  const value = item[key];
  if (typeof value !== 'string') throw unexpected(`${key} is no text`);
  return value;
}

/** A figure of up to 64 bits: a number, or digits where it had too many of them. */
export function readNumber(item: Item, key: string): bigint {
  const value = item[key];
  const digits = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  const number = /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
  if (number === undefined || number >= 2n ** 64n) throw unexpected(`${key} is no number`);
  return number;
}

export function unexpected(what: string): TurnpikeError {
  return new TurnpikeError('environment', `nft describes our table in an unexpected way: ${what}`, {
    remedy: 'somebody may have changed it; turnpike-agent makes it anew',
  });
}
