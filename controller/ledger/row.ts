/**
 * The ledger of one subscription: one row for each incarnation of a node. All four totals only grow.
 *
 *     granted      what this incarnation was ever told it may pass
 *     used         what its gate accepted and it reported: billed
 *     writtenOff   what may or may not have passed while its counters were lost: not billed, not granted again
 *     released     what it gave back: its kernel can no longer pass it
 *
 * It may still pass granted - used - writtenOff - released. A subscription may still be granted
 * volume - Σ (granted - released): so as long as that never goes below zero by our own doing, all nodes together can
 * never pass more than the volume, whatever is lost, doubled or late on the way.
 */
export interface LedgerRow {
  readonly granted: bigint;
  readonly used: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  /** Number of the last recall sent, and of the last one answered. */
  readonly recall: number;
  readonly recallAnswered: number;
  /** It asked for a grant and was not given one since. */
  readonly wanting: boolean;
  /** Bytes per second, as it last reported. */
  readonly rate: bigint;
  /** It keeps an allowance armed for each idle device. */
  readonly allowance: boolean;
}

export const emptyRow: LedgerRow = {
  granted: 0n,
  used: 0n,
  writtenOff: 0n,
  released: 0n,
  recall: 0,
  recallAnswered: 0,
  wanting: false,
  rate: 0n,
  allowance: false,
};

/** What it may still pass. */
export function outstandingBytes(row: LedgerRow): bigint {
  return row.granted - row.used - row.writtenOff - row.released;
}

/** What of the volume is spoken for: used, written off, or outstanding. */
export function claimedBytes(row: LedgerRow): bigint {
  return row.granted - row.released;
}

/** What may still be granted. Below zero only when more was used than sold, in observe. */
export function freeBytes(volume: bigint, rows: readonly LedgerRow[]): bigint {
  return rows.reduce((free, row) => free - claimedBytes(row), volume);
}

/** What the customer has left. */
export function remainingBytes(volume: bigint, rows: readonly LedgerRow[]): bigint {
  const settled = rows.reduce((sum, row) => sum + row.used + row.writtenOff, 0n);
  return volume > settled ? volume - settled : 0n;
}
