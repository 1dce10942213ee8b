/**
 * The ledger of one subscription in one period: one row for each incarnation of a node. All six totals only grow, and
 * are bytes as the gate counts them.
 *
 *     granted      what this incarnation was ever told it may pass
 *     used         what its gate accepted and it reported: billed
 *     writtenOff   what may or may not have passed while its counters were lost: not billed, not granted again
 *     released     what it gave back: its kernel can no longer pass it
 *     beyond       of granted, what was granted by nobody and covered by no volume: it has passed, so granted follows
 *     throttled    of beyond, what passed slowly after the volume had ended: billed, but not taken from the volume
 *
 * It may still pass granted - used - writtenOff - released. Of the volume it claims
 * ⌈(granted - released - throttled) × multiplier⌉, and the subscription may still be granted volume - Σ claims: so as
 * long as that never goes below zero by our own doing, all nodes together can never pass more than the volume, whatever
 * is lost, doubled or late on the way.
 */
export interface LedgerRow {
  readonly granted: bigint;
  readonly used: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  readonly beyond: bigint;
  readonly throttled: bigint;
  /** Per mille: what a byte on this node counts against the volume. Fixed once the row's period has begun. */
  readonly multiplier: bigint;
  /** Number of the last recall sent, and of the last one answered. */
  readonly recall: number;
  readonly recallAnswered: number;
  /** It asked for a grant and was not given one since. */
  readonly wanting: boolean;
  /** Bytes per second, as it last reported. */
  readonly rate: bigint;
  /** It keeps an allowance armed for each idle device. */
  readonly allowance: boolean;
  /**
   * Bytes per second, both directions and all devices together: the fastest at which its node was told, some time in this
   * period, to let pass more than it is granted (unlimited, observed, or slowly after the volume); 0n: never.
   */
  readonly beyondRate: bigint;
}

export const emptyRow: LedgerRow = {
  granted: 0n,
  used: 0n,
  writtenOff: 0n,
  released: 0n,
  beyond: 0n,
  throttled: 0n,
  multiplier: 1000n,
  recall: 0,
  recallAnswered: 0,
  wanting: false,
  rate: 0n,
  allowance: false,
  beyondRate: 0n,
};

/** What it may still pass, in bytes of the gate. */
export function outstandingBytes(row: LedgerRow): bigint {
  return row.granted - row.used - row.writtenOff - row.released;
}

/** What bytes of the gate count against the volume there; never less than it is, to the byte. */
export function countedBytes({ multiplier }: Pick<LedgerRow, 'multiplier'>, bytes: bigint): bigint {
  return (bytes * multiplier + 999n) / 1000n;
}

/** How many bytes of the gate so much of the volume is there; never more than it is. */
export function gateBytes({ multiplier }: LedgerRow, counted: bigint): bigint {
  return counted <= 0n ? 0n : (counted * 1000n) / multiplier;
}

/** What of the volume is spoken for: settled or outstanding. */
export function claimedBytes(row: LedgerRow): bigint {
  return countedBytes(row, row.granted - row.released - row.throttled);
}

/** What of the volume is gone for good: used or written off. */
export function settledBytes(row: LedgerRow): bigint {
  return countedBytes(row, row.used + row.writtenOff - row.throttled);
}

export function sumOf(rows: readonly LedgerRow[], figure: (row: LedgerRow) => bigint): bigint {
  return rows.reduce((sum, row) => sum + figure(row), 0n);
}

/** What may still be granted. Below zero only when more was used than sold, in observe. */
export function freeBytes(volume: bigint, rows: readonly LedgerRow[]): bigint {
  return volume - sumOf(rows, claimedBytes);
}

/** What the customer has left. */
export function remainingBytes(volume: bigint, rows: readonly LedgerRow[]): bigint {
  const settled = sumOf(rows, settledBytes);
  return volume > settled ? volume - settled : 0n;
}
