import { Temporal } from 'temporal-polyfill';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';

/**
 * The name of a zone of the IANA time zone database as that database spells it (`europe/berlin` is `Europe/Berlin`).
 * @throws TurnpikeError `invalid` for what is no such name. An offset such as `+03:00` is none: it knows no daylight
 * saving, and `Etc/GMT-3` says the same where that is meant.
 */
export function parseTimeZone(name: string): string {
  try {
    if (/^[A-Za-z]/.test(name)) return at(0, name).timeZoneId;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new TurnpikeError('invalid', `timeZone: there is no time zone ${show(name)}`, {
    field: 'timeZone',
    remedy: 'give a name of the IANA time zone database, such as Europe/Berlin, or UTC',
  });
}

/** `days` later by the zone's calendar, at the same local time of day. Instants are milliseconds since 1970. */
export function addDays(instant: number, days: number, timeZone: string): number {
  return at(instant, timeZone).add({ days }).epochMilliseconds;
}

/** `months` later at the same local time of the same day of the month, or of its last day where it is too short. */
export function addMonths(instant: number, months: number, timeZone: string): number {
  return at(instant, timeZone).add({ months }).epochMilliseconds;
}

/**
 * Reads `2026-12-31` (the first moment of that day in the zone), or a time with its offset such as
 * `2026-12-31T18:00:00Z`, as milliseconds since 1970.
 * @throws TurnpikeError `invalid` for what is neither, and for years before 1970 or after 9998; `field` is named.
 */
export function parseInstant(field: string, text: string, timeZone: string): number {
  try {
    const instant = /^\d{4}-\d\d-\d\d$/.test(text)
      ? Temporal.PlainDate.from(text).toZonedDateTime(timeZone).epochMilliseconds
      : Temporal.Instant.from(text).epochMilliseconds;
    if (instant >= 0 && instant < Date.UTC(9999, 0)) return instant;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  throw new TurnpikeError('invalid', `${field}: ${show(text)} is not a date or time from 1970 to 9998`, {
    field,
    remedy: 'write such as 2026-12-31 (the beginning of that day) or 2026-12-31T18:00:00Z',
  });
}

/** The local day of an instant, as `2026-12-31`. */
export function dayOf(instant: number, timeZone: string): string {
  return at(instant, timeZone).toPlainDate().toString();
}

/** The first moment of the local day that follows the one of `instant`. */
export function nextMidnight(instant: number, timeZone: string): number {
  return at(instant, timeZone).toPlainDate().add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The instant as the zone's people read it. */
export function at(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}
