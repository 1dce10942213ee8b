import { allowancePerDevice } from '../../common/allowance.ts';

/** The smaller of two amounts; Math.min takes numbers only. */
export function lesser(left: bigint, right: bigint): bigint {
  return left <= right ? left : right;
}

export function greater(left: bigint, right: bigint): bigint {
  return left >= right ? left : right;
}

const slices = {
  calm: { seconds: 120, smallest: 1024n * 1024n },
  wary: { seconds: 15, smallest: 256n * 1024n },
} as const;

/** After counters were destroyed, they may soon be again (somebody is at work on the firewall): less is armed at once. */
export const waryMs = 600_000;

/**
 * How much to arm at once: enough for two minutes, so that arming is rare; no more, because when the counters are
 * destroyed all that was armed is written off. A rest that would not make another slice goes along.
 */
export function sliceOf(spare: bigint, bytesPerSecond: number, wary: boolean): bigint {
  const { seconds, smallest } = slices[wary ? 'wary' : 'calm'];
  const slice = greater(smallest, BigInt(Math.ceil(bytesPerSecond * seconds)));
  return spare < 2n * slice ? spare : slice;
}

const lowSeconds = 10;
const lowestLow = 256n * 1024n;

/** With less than this left, more is wanted: so much may pass before an answer is here. */
export function lowMark(bytesPerSecond: number): bigint {
  return greater(lowestLow, BigInt(Math.ceil(bytesPerSecond * lowSeconds)));
}

/** A spare below this does not replace live allowances: they may hold more. */
export const smallestSwap = 64n * 1024n;

export function allowances(devices: number): bigint {
  return BigInt(devices) * allowancePerDevice;
}

/** Without usage or refused sending for so long, a subscription is idle: its quota object makes place for allowances. */
export const idleAfterMs = 300_000;

/** Quiet for so long, a subscription wants no more, and gives back on recall what it has armed too. */
export const quietAfterMs = 5_000;

/** For so long a subscription waits for a grant before it pools what its devices' allowances still hold. */
export const poolAfterMs = 1_000;
