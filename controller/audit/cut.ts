import type { ChainEnd } from './chain.ts';

/** What an entry says was done when old entries were forgotten. */
export const cutRoute = 'audit log shortened';

/** Up to which entry: as the entry of the cut has it. */
export function cutAt({ id, hash }: ChainEnd): { upTo: number; hash: string } {
  return { upTo: id, hash: hex(hash) };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
