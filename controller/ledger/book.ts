import { maxBytes } from '../../common/bytes.ts';
import { passableBytes } from './beyond.ts';
import { larger, smaller } from './bigint.ts';
import { gateBytes, type LedgerRow, outstandingBytes } from './row.ts';

/** What a node reports of a subscription: totals over its incarnation. */
export interface ReportedTotals {
  /** The highest `granted` that it has seen, as far as it can show that it was told so. */
  readonly granted: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  /** The last recall answered. */
  readonly recall: number;
  readonly wanting: boolean;
  readonly rate: bigint;
  /** The period is over there: what it was granted beyond `granted`, and never heard of, it will not pass. */
  readonly over: boolean;
}

/** What a node says of a period that it never was in: nothing passed, and nothing will. */
export const passedOver: ReportedTotals = {
  granted: 0n,
  writtenOff: 0n,
  released: 0n,
  recall: 0,
  wanting: false,
  rate: 0n,
  over: true,
};

/** What stands around a row when something is said of it. */
export interface Around {
  /** What passes beyond its grant passes slowly, and is not taken from the volume. */
  readonly throttling: boolean;
  /** What of the period's volume is spoken for by no row, as it is counted. */
  readonly free: () => bigint;
  /** For how long the subscription can have been used there, in the period, by now. */
  readonly milliseconds: () => number;
}

/** What of a node's figures is believed. */
export interface Believed {
  readonly used: bigint;
  readonly reported: ReportedTotals | undefined;
  /** The node said more. */
  readonly tooMuch: boolean;
}

/**
 * Of a node's figures what can have come about on one that did what it was told: it gave back and wrote off no more than
 * it was granted, and used no more than that, what is free of the volume, and what can have passed beyond it in that
 * time. By its word alone the books never go beyond the volume, nor beyond what the tariff's speed can have carried. What
 * it used and is too much for now is believed later, as more is granted or time passes.
 */
export function believe(
  row: LedgerRow,
  used: bigint,
  reported: ReportedTotals | undefined,
  around: Around,
): Believed {
  const granted = larger(row.granted, reported?.granted ?? 0n);
  const said = goneBytes(row, reported);
  const hadIt =
    said <= granted - row.beyond && said + row.used <= mostBytes(row, granted, said + row.used, around);
  const sound = hadIt || reported === undefined ? reported : { ...reported, ...gaveNothingBack };
  const gone = goneBytes(row, sound);
  const most = larger(row.used, mostBytes(row, granted, gone + larger(row.used, used), around) - gone);
  return { used: smaller(used, most), reported: sound, tooMuch: !hadIt || used > most };
}

const gaveNothingBack = { writtenOff: 0n, released: 0n, over: false };

function goneBytes(row: LedgerRow, reported: ReportedTotals | undefined): bigint {
  return larger(row.writtenOff, reported?.writtenOff ?? 0n) + larger(row.released, reported?.released ?? 0n);
}

/** Of `all` that is said to be used or gone. */
function mostBytes(row: LedgerRow, granted: bigint, all: bigint, around: Around): bigint {
  if (all <= granted) return all;
  const beyond = passableBytes(row.beyondRate, around.milliseconds());
  return smaller(maxBytes, granted - row.beyond + coveredBytes(row, around) + beyond);
}

/** What may have passed without a grant and is taken from the volume then. */
function coveredBytes(row: LedgerRow, { throttling, free }: Pick<Around, 'throttling' | 'free'>): bigint {
  return throttling ? 0n : gateBytes(row, free());
}

/**
 * Books a report: each total becomes the larger of what is booked and what is reported, so that a report which comes
 * twice, late, or after another one changes nothing.
 *
 * `used` is the sum over the row's devices, `reported` absent when the report speaks of devices only. Reality is
 * booked also where it is beyond what was granted (observe, unlimited tariffs, a controller that was restored from a
 * backup and forgot a grant): `granted` then follows, and the free volume shrinks by as much. With `throttling`, what
 * is beyond what was granted passed slowly, after the volume had ended: it is not taken from the volume.
 */
export function bookReport(
  row: LedgerRow,
  used: bigint,
  reported?: ReportedTotals,
  around: Pick<Around, 'throttling' | 'free'> = { throttling: false, free: () => 0n },
): LedgerRow {
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
  if (beyond <= 0n) return reported?.over ? releaseUnheard(booked, reported) : booked;
  return {
    ...booked,
    granted: booked.granted + beyond,
    beyond: booked.beyond + beyond - smaller(beyond, coveredBytes(row, around)),
    throttled: booked.throttled + (around.throttling ? beyond : 0n),
  };
}

/**
 * The node's own figures are final, so that what it never heard of adds to what it released. Not more than is
 * outstanding: where `granted` followed reality there was no such grant. Of the same figures comes the same again,
 * whether usage that they leave out is booked before or after.
 */
function releaseUnheard(row: LedgerRow, { granted, released }: ReportedTotals): LedgerRow {
  const unheard = row.granted - granted;
  const most = row.released + outstandingBytes(row);
  return { ...row, released: larger(row.released, smaller(released + unheard, most)), wanting: false };
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
