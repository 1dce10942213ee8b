import { larger, smaller } from '../ledger/bigint.ts';
import { claimedBytes, settledBytes, sumOf } from '../ledger/row.ts';
import { drawnBytes, type PeriodVolume, packBytes, unusedBytes } from '../ledger/volume.ts';
import type { Standing } from '../ledger/withdraw.ts';
import type { Tx } from '../store/store.ts';
import { loadGrants, type StoredGrant } from './grant-rows.ts';
import { type Adjustments, loadAdjustmentState } from './packs.ts';
import { loadPeriods, type StoredPeriod } from './periods.ts';
import { type LedgerSubscription, loadLedgerSubscriptions } from './subscriptions.ts';

/** Everything that the ledger holds of one subscription, from the period on that is looked at. */
export interface Book {
  readonly subscription: LedgerSubscription;
  /** The current one, the next one where it was opened, and before them those that a late report names. */
  readonly periods: readonly StoredPeriod[];
  /** What the periods before those needed of the packs. */
  readonly drawnEarlier: bigint;
  readonly grants: readonly StoredGrant[];
  readonly adjustments: Adjustments;
}

/** A period with a limit. */
export type LimitedPeriod = StoredPeriod & PeriodVolume;

/** @param earliest by subscription: the first period that is looked at, when that is not the current one. */
export async function loadBooks(
  tx: Tx,
  subscriptionIds: readonly string[],
  earliest: ReadonlyMap<string, number> = new Map(),
): Promise<Book[]> {
  const subscriptions = await loadLedgerSubscriptions(tx, subscriptionIds);
  const early = new Map(
    subscriptions.flatMap(({ id, period }) => {
      const first = earliest.get(id);
      return first === undefined || first >= period ? [] : [[id, first] as const];
    }),
  );
  const periods = await loadPeriods(tx, subscriptionIds, early);
  const grants = await loadGrants(tx, subscriptionIds, early);
  const adjustments = await loadAdjustmentState(tx, subscriptionIds);
  return subscriptions.map((subscription) => ({
    subscription,
    ...(periods.get(subscription.id) ?? { periods: [], drawnEarlier: 0n }),
    grants: grants.get(subscription.id) ?? [],
    adjustments: adjustments(subscription.id, subscription.period),
  }));
}

export function currentPeriod({ subscription, periods }: Book): StoredPeriod | undefined {
  return periods.find(({ number }) => number === subscription.period);
}

export function isLimited(period: StoredPeriod): period is LimitedPeriod {
  return period.volume !== null;
}

export function rowsOf(book: Book, period: number) {
  return book.grants.filter((grant) => grant.period === period).map(({ ledger }) => ledger);
}

/**
 * Brings periods that are over up to what their rows say now: what they needed of the packs, and what they carry into
 * the one after them.
 */
export function carryOn(book: Book): Book {
  const { subscription, adjustments } = book;
  const periods: StoredPeriod[] = [];
  let drawn = book.periods.reduce((sum, period) => sum + period.drawn, book.drawnEarlier);
  for (const period of book.periods) {
    const before = periods.at(-1);
    const carries = takesOver(book, period) && before && isLimited(before);
    const carriedIn = carries
      ? unusedBytes(before, sumOf(rowsOf(book, before.number), claimedBytes), before.reduction)
      : period.carriedIn;
    const now = { ...period, carriedIn };
    if (period.number >= subscription.period || !isLimited(now)) {
      periods.push(now);
      continue;
    }
    const needed = drawnBytes(now, sumOf(rowsOf(book, period.number), claimedBytes));
    // More than was known only where more was used than granted: as far as packs are there.
    const most = period.drawn + larger(0n, packBytes(adjustments.packs) - drawn);
    drawn += smaller(needed, most) - period.drawn;
    periods.push({ ...now, drawn: smaller(needed, most) });
  }
  return { ...book, periods };
}

/** Whether what the period before it left unused is in it. */
export function takesOver({ subscription }: Book, { rollover, number }: StoredPeriod): boolean {
  return rollover && number <= subscription.period;
}

/** How the subscription stands in its current period; `period` is that one. */
export function standingOf(book: Book, period: LimitedPeriod): Standing {
  const rows = rowsOf(book, period.number);
  return {
    period: { volume: period.volume, carriedIn: period.carriedIn, withdrawn: period.withdrawn },
    packs: book.adjustments.packs,
    drawnEarlier: book.periods
      .filter(({ number }) => number < period.number)
      .reduce((sum, { drawn }) => sum + drawn, book.drawnEarlier),
    claimed: sumOf(rows, claimedBytes),
    settled: sumOf(rows, settledBytes),
    reduction: period.reduction,
    refunds: book.adjustments.refunds,
  };
}

/** The book after volume was taken back, with what its current period draws from the packs. */
export function withStanding(book: Book, standing: Standing): Book {
  const { packs, refunds, period, reduction } = standing;
  const free = larger(0n, packBytes(packs) - standing.drawnEarlier);
  const drawn = smaller(drawnBytes(period, standing.claimed), free);
  const periods = book.periods.map((one) =>
    one.number === book.subscription.period ? { ...one, ...period, reduction, drawn } : one,
  );
  return { ...book, periods, adjustments: { packs, refunds } };
}
