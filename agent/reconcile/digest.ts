import { createHash } from 'node:crypto';
import type { JournalState } from '../journal/state.ts';

/** What CaughtUp compares (sync.proto): SHA-256 over all that this node holds, by id and item revision. */
export function digestOf({
  devices,
  subscriptions,
}: Pick<JournalState, 'devices' | 'subscriptions'>): Uint8Array {
  const lines: string[] = [];
  for (const { id, revision } of devices.values()) lines.push(`d ${id} ${revision}\n`);
  for (const { id, revision } of subscriptions.values()) lines.push(`s ${id} ${revision}\n`);
  // Ids and digits are ASCII, so the order of code units is the order of bytes.
  lines.sort();
  return createHash('sha256').update(lines.join('')).digest();
}
