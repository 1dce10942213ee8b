import type { Row } from '../store/schema.ts';

/** A subscription as a renewal finds it. Times are milliseconds since 1970. */
export interface Renewed {
  readonly phase: Row<'subscriptions'>['phase'];
  /** null: it has no end, and cannot be renewed. */
  readonly expiresAt: number | null;
  /** Of the tariff that is in force. */
  readonly periodKind: Row<'tariffs'>['period_kind'];
  /** Its current one. */
  readonly period: {
    readonly number: number;
    readonly startsAt: number;
    /** null: never, or nobody knows yet when it started. */
    readonly endsAt: number | null;
  };
}

/**
 * Whether the period after the current one begins with a renewal, or before: the renewal goes by the tariff that is in
 * force in that one, then. Once service had ended, a period of days is followed by the next one at once, and so is a month
 * that is over, and a period for once that nobody has paid for (`resumePeriods`).
 */
export function beginsNext(renewed: Renewed, now: number): boolean {
  const { phase, expiresAt, periodKind, period } = renewed;
  if (phase === 'over' && periodKind === 'once' && isUnpaid(renewed)) return true;
  if (period.endsAt === null || expiresAt === null) return false;
  if (phase === 'over') return periodKind === 'days' || period.endsAt <= now;
  return expiresAt >= period.endsAt;
}

/**
 * Of a tariff for once, which has one volume for its whole life: whether that comes with the renewal, and so is what the
 * renewal brings.
 */
export function paysForPeriod(renewed: Renewed, now: number): boolean {
  const { phase, expiresAt, period } = renewed;
  if (beginsNext(renewed, now)) return phase === 'over' || period.endsAt === expiresAt;
  return isUnpaid(renewed);
}

/** The current period began in the grace: nobody has paid for it. */
export function isUnpaid({ expiresAt, period }: Pick<Renewed, 'expiresAt' | 'period'>): boolean {
  return expiresAt !== null && period.number > 1 && period.startsAt >= expiresAt;
}
