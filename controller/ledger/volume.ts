import { larger, smaller } from './bigint.ts';

/**
 * The volume of a subscription in one period, in counted bytes. It is consumed in this order: the period's own volume,
 * what was carried in from the period before, then the packs, which outlive periods.
 */
export interface PeriodVolume {
  readonly volume: bigint;
  /** What the period before left unused of its volume (not of what it was carried itself). */
  readonly carriedIn: bigint;
  /** Taken back. */
  readonly withdrawn: bigint;
}

/** A top-up. Packs come in the order of their consumption. */
export interface Pack {
  readonly id: string;
  /** What was added, less what was taken back of it. */
  readonly size: bigint;
  /** What was consumed of it when the latest pack was added: that one does not take it over, whenever it expires. */
  readonly spent: bigint;
  /** Nothing may be granted of it any more. */
  readonly expired: boolean;
}

/** All that is not from packs. */
export function ownBytes({ volume, carriedIn, withdrawn }: PeriodVolume): bigint {
  return larger(0n, volume + carriedIn - withdrawn);
}

/** What a period needs of the packs. */
export function drawnBytes(period: PeriodVolume, claimed: bigint): bigint {
  return larger(0n, claimed - ownBytes(period));
}

/**
 * What a period carries into the next one. While reports of it still come in late, `claimed` only shrinks, and so this
 * only grows. `reduction`: of a volume that was lowered, what nodes held and was not taken yet: it is not carried over.
 */
export function unusedBytes(period: PeriodVolume, claimed: bigint, reduction = 0n): bigint {
  return larger(0n, smaller(period.volume, ownBytes(period)) - reduction - claimed);
}

export function packBytes(packs: readonly Pack[]): bigint {
  return packs.reduce((sum, { size }) => sum + size, 0n);
}

/** What of each pack is consumed when so much is drawn from all of them. */
export function consumedOf(packs: readonly Pack[], drawn: bigint): bigint[] {
  let left = drawn - packs.reduce((sum, { spent }) => sum + spent, 0n);
  return packs.map(({ size, spent }) => {
    const share = smaller(size - spent, larger(0n, left));
    left -= share;
    return spent + share;
  });
}

/** Earliest expiry first, without expiry last; among equals the oldest. */
export function orderOfConsumption(
  a: { readonly expiresAt: number | null; readonly createdAt: number; readonly id: string },
  b: { readonly expiresAt: number | null; readonly createdAt: number; readonly id: string },
): number {
  const expiry = (pack: { expiresAt: number | null }) => pack.expiresAt ?? Number.POSITIVE_INFINITY;
  if (expiry(a) !== expiry(b)) return expiry(a) - expiry(b);
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
