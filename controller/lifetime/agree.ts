import { TurnpikeError } from '../../common/errors.ts';
import { showTime } from '../calendar/show-time.ts';
import { addDays, parseInstant, parseTimeZone } from '../calendar/time-zone.ts';
import type { Row } from '../store/schema.ts';

/** What is agreed of a subscription's times, as it is stored. */
export type Agreed = Pick<
  Row<'subscriptions'>,
  'time_zone' | 'starts' | 'starts_at' | 'anchor_at' | 'expires_at'
>;

/** What is absent stays as it is, or gets its default: from now on in UTC, for the tariff's duration. */
export interface TimesWish {
  /** Of the IANA time zone database. */
  readonly timeZone?: string;
  /** `now`, `first-connection`, a date (its first moment in the time zone), or a time with its offset. */
  readonly starts?: string;
  /** A date or a time; null: it has no end. */
  readonly expires?: string | null;
}

/**
 * The times of a new subscription, or of one that has not started yet.
 * @throws TurnpikeError `invalid` with the field: a time zone or time that is none, an expiry that is not after the
 * start, or over already.
 */
export function agreeOnTimes(wish: TimesWish, durationDays: number | null, now: number): Agreed {
  const timeZone = parseTimeZone(wish.timeZone ?? 'UTC');
  const waits = wish.starts === 'first-connection';
  const startsAt = waits ? null : readStart(wish.starts ?? 'now', timeZone, now);
  const expiresAt =
    wish.expires === undefined
      ? expiryOf(startsAt, durationDays, timeZone)
      : wish.expires === null
        ? null
        : parseInstant('expires', wish.expires, timeZone);
  if (expiresAt !== null) {
    if (wish.expires === undefined && expiresAt <= now) refuseLateStart(expiresAt, durationDays);
    checkExpiry(expiresAt, startsAt, now);
  }
  return {
    time_zone: timeZone,
    starts: waits ? 'first-connection' : 'date',
    starts_at: startsAt,
    anchor_at: startsAt,
    expires_at: expiresAt,
  };
}

/** What comes of a duration. */
export function expiryOf(
  startsAt: number | null,
  durationDays: number | null,
  timeZone: string,
): number | null {
  return startsAt === null || durationDays === null ? null : addDays(startsAt, durationDays, timeZone);
}

/** Every period since is opened and turned, which takes its time. */
const longestPastDays = 366;

function readStart(text: string, timeZone: string, now: number): number {
  if (text === 'now') return now;
  const startsAt = parseInstant('starts', text, timeZone);
  if (startsAt >= now - longestPastDays * 86_400_000) return startsAt;
  throw new TurnpikeError(
    'invalid',
    `starts: ${showTime(startsAt)} is more than ${longestPastDays} days ago: give a later time`,
    { field: 'starts' },
  );
}

/** @throws TurnpikeError `invalid` */
export function checkExpiry(expiresAt: number, startsAt: number | null, now: number): void {
  if (startsAt !== null && expiresAt <= startsAt) {
    refuse(`${showTime(expiresAt)} is not after the start, ${showTime(startsAt)}: give a later time`);
  }
  if (expiresAt <= now) refuse(`${showTime(expiresAt)} is over already: give a time to come`);
}

function refuseLateStart(expiresAt: number, durationDays: number | null): never {
  throw new TurnpikeError(
    'invalid',
    `starts: the tariff's ${durationDays} days from then were over on ${showTime(expiresAt)}`,
    { field: 'starts', remedy: 'give a later start, or an expiry' },
  );
}

function refuse(what: string): never {
  throw new TurnpikeError('invalid', `expires: ${what}`, { field: 'expires' });
}
