import { larger, smaller } from './bigint.ts';
import { consumedOf, drawnBytes, ownBytes, type Pack, type PeriodVolume, packBytes } from './volume.ts';

/** Volume that is to be taken back. */
export interface Refund {
  readonly id: string;
  /** What is still to be taken. */
  readonly rest: bigint;
  /** Of this pack only; null: of packs, the last one in the order first, and then of the period's own volume. */
  readonly pack: string | null;
  /** It was booked in an earlier period, or before that was sold anew: its own volume is over. */
  readonly late: boolean;
}

/** How a subscription stands in its current period, in counted bytes. */
export interface Standing {
  readonly period: PeriodVolume;
  /** In the order of consumption. */
  readonly packs: readonly Pack[];
  /** What earlier periods needed of the packs. */
  readonly drawnEarlier: bigint;
  /** Σ over the rows of the current period. */
  readonly claimed: bigint;
  readonly settled: bigint;
  /** Of a volume that was lowered, what is still to be taken. */
  readonly reduction: bigint;
  /** In the order in which they were booked. */
  readonly refunds: readonly Refund[];
}

/** All that the subscription may claim in its current period. */
export function volumeOf({ period, packs, drawnEarlier }: Standing): bigint {
  return ownBytes(period) + larger(0n, packBytes(packs) - drawnEarlier);
}

/**
 * Takes back what is to be taken, as far as it is free: neither used nor held by a node. What nodes hold is taken when
 * it comes back; so nothing that was granted is ever taken, and the books never go below zero.
 */
export function withdraw(standing: Standing): Standing {
  let now = expire(standing);
  for (const { id } of standing.refunds) now = refund(now, id);
  return reduce(now);
}

/** Whether something that is to be taken back is still unspent: in the hands of nodes. */
export function isPending(standing: Standing, { rest, pack, late }: Refund): boolean {
  if (rest === 0n) return false;
  const unspent = larger(0n, volumeOf(standing) - standing.settled);
  const { period, packs, drawnEarlier, settled } = standing;
  const unspentOfPacks = packBytes(packs) - drawnEarlier - drawnBytes(period, settled);
  if (pack !== null) {
    const consumed = consumedOf(packs, drawnEarlier + drawnBytes(period, settled));
    return packs.some(({ id, size }, n) => id === pack && size > (consumed[n] as bigint));
  }
  return (late ? unspentOfPacks : unspent) > 0n;
}

/** Whether nodes hold some of a pack that has expired. */
export function holdsExpired({ packs, drawnEarlier, period, settled }: Standing): boolean {
  const consumed = consumedOf(packs, drawnEarlier + drawnBytes(period, settled));
  return packs.some(({ expired, size }, n) => expired && size > (consumed[n] as bigint));
}

/** What of a pack is not claimed, over all periods. */
function freeOfPack({ period, packs, drawnEarlier, claimed }: Standing, pack: string): bigint {
  const consumed = consumedOf(packs, drawnEarlier + drawnBytes(period, claimed));
  const n = packs.findIndex(({ id }) => id === pack);
  return n < 0 ? 0n : (packs[n] as Pack).size - (consumed[n] as bigint);
}

function freeOf(standing: Standing): bigint {
  return larger(0n, volumeOf(standing) - standing.claimed);
}

/** Of an expired pack only what is claimed remains. */
function expire(standing: Standing): Standing {
  const { packs, drawnEarlier, period, claimed } = standing;
  const consumed = consumedOf(packs, drawnEarlier + drawnBytes(period, claimed));
  return {
    ...standing,
    packs: packs.map((pack, n) => (pack.expired ? { ...pack, size: consumed[n] as bigint } : pack)),
  };
}

function refund(standing: Standing, id: string): Standing {
  const { rest, pack, late } = standing.refunds.find((one) => one.id === id) as Refund;
  let left = rest;
  let now = standing;
  const sources = pack === null ? now.packs.map((one) => one.id).reverse() : [pack];
  for (const source of sources) {
    const taken = smaller(left, freeOfPack(now, source));
    now = shrink(now, source, taken);
    left -= taken;
  }
  if (pack === null && !late) {
    const taken = smaller(left, smaller(ownBytes(now.period), freeOf(now)));
    now = { ...now, period: { ...now.period, withdrawn: now.period.withdrawn + taken } };
    left -= taken;
  }
  const refunds = now.refunds.map((one) => (one.id === id ? { ...one, rest: left } : one));
  return { ...now, refunds };
}

function shrink(standing: Standing, id: string, bytes: bigint): Standing {
  const packs = standing.packs.map((pack) => (pack.id === id ? { ...pack, size: pack.size - bytes } : pack));
  return { ...standing, packs };
}

function reduce(standing: Standing): Standing {
  const { period, reduction } = standing;
  const most = smaller(period.volume, ownBytes(period));
  const taken = smaller(reduction, smaller(most, freeOf(standing)));
  const lowered = { ...period, volume: period.volume - taken };
  return { ...standing, period: lowered, reduction: smaller(reduction - taken, most - taken) };
}
