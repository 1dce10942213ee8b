import { greater, lesser } from './figures.ts';

/**
 * The grant side of one subscription on this node in its current period. All figures are totals over this incarnation
 * and this period, in bytes:
 *
 *   used ≤ armed,   armed + writtenOff + released ≤ granted
 *
 * `armed` is the highest figure of usage that the kernel may have let through. It is raised in the journal before
 * anything is armed in the kernel, and lowered by readings only: so whatever crashes, no byte passes beyond `granted`.
 */
export interface Account {
  readonly subscriptionId: string;
  readonly period: number;
  /** From this period up to `period`, without that one, nothing passed here, and nothing will. */
  readonly since: number;
  /** The highest that the controller named. */
  readonly granted: bigint;
  /** The highest that the controller named for the period after this one. */
  readonly nextGranted: bigint;
  /** What came with the highest of both, to be handed back (DesiredSubscription). */
  readonly voucher?: string | undefined;
  readonly armed: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  /** The last recall that was answered. */
  readonly recall: number;
  /** A counter was lost: nothing is armed until all is closed, read, and the unread rest written off. */
  readonly disturbed: boolean;
}

export function newAccount(subscriptionId: string, period = 1): Account {
  return {
    subscriptionId,
    period,
    since: 1,
    granted: 0n,
    nextGranted: 0n,
    armed: 0n,
    writtenOff: 0n,
    released: 0n,
    recall: 0,
    disturbed: false,
  };
}

/** What was granted and is neither armed, written off nor given back. */
export function spareBytes(account: Account): bigint {
  return greater(0n, account.granted - account.writtenOff - account.released - account.armed);
}

export function arm(account: Account, bytes: bigint): Account {
  return bytes === 0n ? account : { ...account, armed: account.armed + bytes };
}

/**
 * After a reading that is younger than the last change of the gate: no more can have passed than what is counted, and
 * what the objects that are in the kernel now may still pass. `live` must have been read before `used`.
 */
export function settle(account: Account, used: bigint, live: bigint): Account {
  // Usage above what is armed comes from unlimited metering only; there the bound has no meaning but to follow.
  const armed = greater(used, lesser(account.armed, used + live));
  return armed === account.armed ? account : { ...account, armed };
}

/** The counters were destroyed: whatever may have passed uncounted is never billed and never granted again. */
export function writeOff(account: Account, used: bigint): Account {
  const lost = greater(0n, account.armed - used);
  if (lost === 0n && account.armed === used && !account.disturbed) return account;
  return { ...account, writtenOff: account.writtenOff + lost, armed: used, disturbed: false };
}

export function release(account: Account, bytes: bigint): Account {
  return bytes === 0n ? account : { ...account, released: account.released + bytes };
}
