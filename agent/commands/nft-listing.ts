import { TurnpikeError } from '../../common/errors.ts';

/** An object of nft's JSON, of which nothing is known yet. */
type Item = Readonly<Record<string, unknown>>;

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
    root = JSON.parse(output);
  } catch {
    // Told below, because JSON.parse repeats what it reads.
  }
  if (!isItem(root)) throw unexpected('no JSON');
  return root;
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unexpected(what: string): TurnpikeError {
  return new TurnpikeError('environment', `nft lists the ruleset in an unexpected way: ${what}`);
}
