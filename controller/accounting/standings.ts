import { claimedBytes, countedBytes, settledBytes, sumOf } from '../ledger/row.ts';
import { consumedOf, drawnBytes } from '../ledger/volume.ts';
import { volumeOf } from '../ledger/withdraw.ts';
import type { Renewed } from '../lifetime/renewed-tariff.ts';
import type { Tx } from '../store/store.ts';
import { type Book, currentPeriod, isLimited, loadBooks, rowsOf, standingOf } from './book.ts';

/** How a subscription stands in its current period. */
export interface CurrentStanding {
  /** 0 before the first one. */
  readonly period: number;
  /** Before the first connection, when it was created. */
  readonly periodStartsAt: number;
  readonly periodEndsAt: number | null;
  /** Counted, with what packs had left at its beginning; null: unlimited. */
  readonly volume: bigint | null;
  /** Bytes of the gate, in this period. */
  readonly used: bigint;
  readonly throttled: bigint;
  readonly writtenOff: bigint;
  /** What of `used` counts against the volume. */
  readonly counted: bigint;
  /** Counted; null: unlimited. */
  readonly remaining: bigint | null;
  /** Counted: of what remains, what nodes hold. */
  readonly reserved: bigint;
  /** What is left of each pack, by its id; counted. */
  readonly packs: ReadonlyMap<string, bigint>;
  /** Counted: of packs that have expired, what nodes hold, so that it may still pass. */
  readonly heldOfExpired: bigint;
}

/** The current period, as a renewal finds it. */
export function currentPeriodIn({
  period,
  periodStartsAt,
  periodEndsAt,
}: CurrentStanding): Renewed['period'] {
  return { number: period, startsAt: periodStartsAt, endsAt: periodEndsAt };
}

export async function loadStandings(tx: Tx, ids: readonly string[]): Promise<Map<string, CurrentStanding>> {
  return new Map((await loadBooks(tx, ids)).map((book) => [book.subscription.id, standOf(book)]));
}

function standOf(book: Book): CurrentStanding {
  const period = currentPeriod(book);
  const rows = rowsOf(book, book.subscription.period);
  const usage = {
    period: book.subscription.period,
    periodStartsAt: period?.startsAt ?? 0,
    periodEndsAt: period?.endsAt ?? null,
    used: sumOf(rows, ({ used }) => used),
    throttled: sumOf(rows, ({ throttled }) => throttled),
    writtenOff: sumOf(rows, ({ writtenOff }) => writtenOff),
    counted: sumOf(rows, (row) => countedBytes(row, row.used - row.throttled)),
    reserved: sumOf(rows, claimedBytes) - sumOf(rows, settledBytes),
  };
  const { packs } = book.adjustments;
  if (period === undefined || !isLimited(period)) {
    const consumed = consumedOf(packs, book.drawnEarlier);
    const left = new Map(packs.map(({ id, size }, n) => [id, size - (consumed[n] ?? 0n)]));
    return { ...usage, volume: null, remaining: null, packs: left, heldOfExpired: 0n };
  }
  const standing = standingOf(book, period);
  const { settled, drawnEarlier } = standing;
  const volume = volumeOf(standing);
  const consumed = consumedOf(packs, drawnEarlier + drawnBytes(standing.period, settled));
  const left = new Map(packs.map(({ id, size }, n) => [id, size - (consumed[n] ?? 0n)]));
  return {
    ...usage,
    volume,
    remaining: volume > settled ? volume - settled : 0n,
    packs: left,
    heldOfExpired: packs.reduce((sum, { id, expired }) => sum + (expired ? (left.get(id) ?? 0n) : 0n), 0n),
  };
}
