import type { Row } from '../store/schema.ts';

/**
 * - `waiting`: it has not started. One that starts at its first connection is open meanwhile.
 * - `running`: from its start to its expiry.
 * - `grace`: it has expired, and service goes on.
 * - `over`: service has ended. A renewal begins it anew.
 */
export type Phase = Row<'subscriptions'>['phase'];

/** Milliseconds since 1970. */
export interface Times {
  /** null: not known before the first connection. */
  readonly startsAt: number | null;
  /** null: it has no end. */
  readonly expiresAt: number | null;
  readonly graceSeconds: number;
}

export function readTimes(
  row: Pick<Row<'subscriptions'>, 'starts_at' | 'expires_at'>,
): Pick<Times, 'startsAt' | 'expiresAt'> {
  return { startsAt: row.starts_at, expiresAt: row.expires_at };
}

export function phaseAt(times: Times, now: number): Phase {
  const { startsAt, expiresAt } = times;
  if (expiresAt !== null && now >= expiresAt) return now < (endOf(times) ?? 0) ? 'grace' : 'over';
  return startsAt === null || now < startsAt ? 'waiting' : 'running';
}

/** When service ends: the expiry and its grace; null: never. */
export function endOf({ expiresAt, graceSeconds }: Pick<Times, 'expiresAt' | 'graceSeconds'>): number | null {
  return expiresAt === null ? null : expiresAt + graceSeconds * 1000;
}

/** What says whether a subscription is withdrawn. */
export type Standing = Pick<Row<'subscriptions'>, 'suspended_at' | 'cancelled_at' | 'phase' | 'starts'> & {
  readonly account_suspended_at: number | null;
};

/** It or its account suspended, cancelled, not started or over: neither volume nor seats matter then. */
export function isWithdrawn(standing: Standing): boolean {
  const { suspended_at, account_suspended_at, cancelled_at, phase, starts } = standing;
  if (suspended_at !== null || account_suspended_at !== null || cancelled_at !== null) return true;
  return phase === 'over' || (phase === 'waiting' && starts === 'date');
}
