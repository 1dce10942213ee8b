import { freeBytes, type LedgerRow, outstandingBytes, remainingBytes } from './row.ts';

/**
 * True when nothing can pass any more: all is used, or neither what is free nor what any serving node still holds is
 * worth a packet.
 */
export function isExhausted(
  volume: bigint,
  packet: bigint,
  rows: readonly LedgerRow[],
  serving: readonly LedgerRow[],
): boolean {
  if (remainingBytes(volume, rows) === 0n) return true;
  return freeBytes(volume, rows) < packet && serving.every((row) => outstandingBytes(row) < packet);
}
