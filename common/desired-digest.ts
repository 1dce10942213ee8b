import { createHash } from 'node:crypto';

export interface RevisedItem {
  readonly id: string;
  readonly revision: bigint;
}

/**
 * The digest of sync.proto, CaughtUp, in parts: by the first letters of their ids' random part ({@link partOf}), the SHA-256
 * in hex over the items of each that has some. So whoever holds very many can look at a few at a time.
 */
export type DigestParts = ReadonlyMap<string, string>;

/** How many letters of an id's random part say of which part it is. */
export const partLetters = 2;

export function partOf(id: string): string {
  const random = id.indexOf('_') + 1;
  return id.slice(random, random + partLetters);
}

export function digestParts(
  devices: Iterable<RevisedItem>,
  subscriptions: Iterable<RevisedItem>,
): DigestParts {
  const lines = new Map<string, string[]>();
  const add = (kind: 'd' | 's', { id, revision }: RevisedItem) => {
    const part = partOf(id);
    const line = `${kind} ${id} ${revision}\n`;
    const others = lines.get(part);
    if (others === undefined) lines.set(part, [line]);
    else others.push(line);
  };
  for (const item of devices) add('d', item);
  for (const item of subscriptions) add('s', item);
  return new Map([...lines].map(([part, its]) => [part, hashOf(its).digest('hex')]));
}

export function digestOfParts(parts: DigestParts): Uint8Array {
  return new Uint8Array(hashOf([...parts].map(([part, hash]) => `${part} ${hash}\n`)).digest());
}

/** Over what a node should hold. Both sides compute it. */
export function desiredDigest(
  devices: Iterable<RevisedItem>,
  subscriptions: Iterable<RevisedItem>,
): Uint8Array {
  return digestOfParts(digestParts(devices, subscriptions));
}

/** Ids and digits are ASCII: JavaScript's order of UTF-16 units is bytewise. */
function hashOf(lines: string[]) {
  return createHash('sha256').update(lines.sort().join(''));
}
