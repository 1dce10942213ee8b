import type { DeviceTotals } from '../meter/meter.ts';
import { type Account, newAccount, release, spareBytes } from './account.ts';
import { greater } from './figures.ts';

/**
 * A period that is over on this node: nothing more is armed or counted in it. All of it that was not used or written
 * off is given back.
 */
export interface ClosedPeriod {
  readonly subscriptionId: string;
  readonly period: number;
  /** As of {@link Account}. */
  readonly since: number;
  readonly granted: bigint;
  readonly voucher?: string | undefined;
  readonly writtenOff: bigint;
  readonly released: bigint;
  readonly recall: number;
  /** Of devices that used something in it. */
  readonly devices: readonly DeviceTotals[];
}

/** Where an account stands when its period ends: right after a reading, with the gate as it was at that reading. */
export interface PeriodEnd {
  readonly account: Account;
  /** Bytes used in the period that ends; all that was counted so far. */
  readonly used: bigint;
  /** What the objects that are in the kernel may still pass. Read before `used`. */
  readonly live: bigint;
  /** The period that begins; not always the one after. */
  readonly period: number;
  /** What the controller named for it, as far as it did. */
  readonly granted: bigint;
  /** What came with that, to be handed back. */
  readonly voucher: string | undefined;
  /** The highest recall that the controller named in the period that ends: giving all back answers it. */
  readonly recall: number;
}

/** What the period that begins was granted. */
export function grantedInNext({ account, period, granted }: PeriodEnd): bigint {
  return period === account.period + 1 ? greater(account.nextGranted, granted) : granted;
}

/**
 * Ends a period. What the kernel may still pass is counted in the period that begins, so it is armed there: it must fit
 * into what that one was granted (the caller closes and reads first where it would not).
 *
 * Nothing is armed twice: of `armed` of the old account only `used` stays, the rest is `live` or was given back.
 * `closed` is undefined when there is nothing to say of the old one; the account that begins stands for it (`since`).
 */
export function endPeriod(
  end: PeriodEnd,
  devices: readonly DeviceTotals[],
): { readonly closed: ClosedPeriod | undefined; readonly next: Account } {
  const { account, used, live, period } = end;
  const { subscriptionId } = account;
  const still = { ...account, armed: used };
  const { granted, voucher, writtenOff, released } = release(still, spareBytes(still));
  const recall = Math.max(account.recall, end.recall);
  const { since } = account;
  const ended = {
    subscriptionId,
    period: account.period,
    since,
    granted,
    voucher,
    writtenOff,
    released,
    recall,
  };
  const began = grantedInNext(end);
  const silent = used + granted + writtenOff + released === 0n;
  const next = {
    ...newAccount(subscriptionId, period),
    // A period that began and ended without us goes back with all that it was granted.
    since: silent ? since : account.period + 1,
    granted: began,
    // Where more was granted beforehand, that one's stands.
    voucher: end.granted === began ? (end.voucher ?? voucher) : voucher,
    armed: live,
  };
  return { closed: silent ? undefined : { ...ended, devices }, next };
}

/** The controller granted more in a period that is over here: it goes back as it is. */
export function grantLate(
  closed: ClosedPeriod,
  granted: bigint,
  recall: number,
  voucher: string | undefined,
): ClosedPeriod {
  const more = greater(0n, granted - closed.granted);
  if (more === 0n && recall <= closed.recall) return closed;
  return {
    ...closed,
    granted: closed.granted + more,
    voucher: more > 0n ? voucher : closed.voucher,
    released: closed.released + more,
    recall: Math.max(recall, closed.recall),
  };
}
