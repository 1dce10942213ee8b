import { createHash } from 'node:crypto';

export interface RevisedItem {
  readonly id: string;
  readonly revision: bigint;
}

/** The digest of sync.proto, CaughtUp, over what a node should hold. Both sides compute it. */
export function desiredDigest(
  devices: Iterable<RevisedItem>,
  subscriptions: Iterable<RevisedItem>,
): Uint8Array {
  const lines: string[] = [];
  for (const { id, revision } of devices) lines.push(`d ${id} ${revision}\n`);
  for (const { id, revision } of subscriptions) lines.push(`s ${id} ${revision}\n`);
  // Ids and digits are ASCII: JavaScript's order of UTF-16 units is bytewise.
  const hash = createHash('sha256').update(lines.sort().join(''));
  return new Uint8Array(hash.digest());
}
