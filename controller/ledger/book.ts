import { larger } from './bigint.ts';
import { type LedgerRow, outstandingBytes } from './row.ts';

/** What a node reports of a subscription: totals over its incarnation. */
export interface ReportedTotals {
  /** The highest `granted` that it has seen. */
  readonly granted: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  /** The last recall answered. */
  readonly recall: number;
  readonly wanting: boolean;
  readonly rate: bigint;
}

/**
 * Books a report: each total becomes the larger of what is booked and what is reported, so that a report which comes
 * twice, late, or after another one changes nothing.
 *
 * `used` is the sum over the row's devices, `reported` absent when the report speaks of devices only. Reality is
 * booked also where it is beyond what was granted (observe, unlimited tariffs, a controller that was restored from a
 * backup and forgot a grant): `granted` then follows, and the free volume shrinks by as much.
 */
export function bookReport(row: LedgerRow, used: bigint, reported?: ReportedTotals): LedgerRow {
  const booked: LedgerRow = {
    ...row,
    used: larger(row.used, used),
    ...(reported && {
      granted: larger(row.granted, reported.granted),
      writtenOff: larger(row.writtenOff, reported.writtenOff),
      released: larger(row.released, reported.released),
      recall: Math.max(row.recall, reported.recall),
      recallAnswered: Math.max(row.recallAnswered, reported.recall),
      // Asked before it had seen the last grant: that grant is the answer.
      wanting: reported.granted < row.granted ? row.wanting : reported.wanting,
      rate: reported.rate,
    }),
  };
  const beyond = -outstandingBytes(booked);
  return beyond > 0n ? { ...booked, granted: booked.granted + beyond } : booked;
}

/** The node is gone with what it had left: that may have passed, or not, and nobody will ever say. */
export function writeOff(row: LedgerRow): LedgerRow {
  return {
    ...row,
    writtenOff: row.writtenOff + outstandingBytes(row),
    recallAnswered: row.recall,
    wanting: false,
    allowance: false,
  };
}
