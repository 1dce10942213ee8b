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
  throw new TurnpikeError('invalid', `there is no time zone ${show(name)}`, {
    remedy: 'give a name of the IANA time zone database, such as Europe/Berlin, or UTC',
  });
}

/** `days` later by the zone's calendar, at the same local time of day. Instants are milliseconds since 1970. */
export function addDays(instant: number, days: number, timeZone: string): number {
  return at(instant, timeZone).add({ days }).epochMilliseconds;
}

/** The first moment of the local day that follows the one of `instant`. */
export function nextMidnight(instant: number, timeZone: string): number {
  return at(instant, timeZone).toPlainDate().add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds;
}

/** The instant as the zone's people read it. */
export function at(instant: number, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(timeZone);
}
