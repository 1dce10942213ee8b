import type { Temporal } from 'temporal-polyfill';
import { addDays, at } from './time-zone.ts';

/**
 * How a subscription's life is cut into periods.
 *
 * - `once`: one period, without an end.
 * - `month`: the calendar month of the time zone. The first period begins at the anchor and ends with its month, so it
 *   is shorter than the others; every later one begins at the first moment of a month. So all customers of a zone turn
 *   together, bills agree with the calendar, and no day of the month is missing in February. Who wants each customer's
 *   own date takes `days`.
 * - `days`: every N days from the anchor, at the anchor's local time of day. Where a clock change skips that time, it is
 *   as much later as was skipped; where it comes twice, it is the first of the two.
 */
export interface Schedule {
  readonly kind: 'once' | 'month' | 'days';
  /** Of kind `days`, from 1; null for the others. */
  readonly days: number | null;
  /** When the first period begins, in milliseconds since 1970. */
  readonly anchor: number;
  /** As `parseTimeZone` gives it. */
  readonly timeZone: string;
}

/** From `startsAt` until just before `endsAt`, in milliseconds since 1970. */
export interface Period {
  /** Counts up from 1. */
  readonly number: number;
  readonly startsAt: number;
  /** The start of the next one; null: it has no end. */
  readonly endsAt: number | null;
}

/**
 * The period with this number, from 1. Of kind `once` there is only the first.
 * Periods follow each other without gap or overlap. (Where a zone drops a whole day, as Samoa did in 2011, a period of
 * one day can be empty.)
 */
export function periodNumbered(schedule: Schedule, number: number): Period {
  if (schedule.kind === 'once') return { number: 1, startsAt: schedule.anchor, endsAt: null };
  return { number, startsAt: startOf(schedule, number), endsAt: startOf(schedule, number + 1) };
}

/** The period in which an instant is; before the anchor, the first one. */
export function periodAt(schedule: Schedule, instant: number): Period {
  if (schedule.kind === 'once' || instant < schedule.anchor) return periodNumbered(schedule, 1);
  let number = guess(schedule, instant);
  while (startOf(schedule, number) > instant) number -= 1;
  while (startOf(schedule, number + 1) <= instant) number += 1;
  return periodNumbered(schedule, number);
}

function startOf(schedule: Schedule, number: number): number {
  const { anchor, timeZone, kind, days } = schedule;
  if (number <= 1) return anchor;
  if (kind === 'days') return addDays(anchor, (number - 1) * (days ?? 1), timeZone);
  return monthOf(anchor, timeZone)
    .add({ months: number - 1 })
    .toPlainDate({ day: 1 })
    .toZonedDateTime(timeZone).epochMilliseconds;
}

/** Never off by more than clock changes can move it. */
function guess({ kind, days, anchor, timeZone }: Schedule, instant: number): number {
  if (kind === 'days') return 1 + Math.floor((instant - anchor) / ((days ?? 1) * 86_400_000));
  return 1 + monthOf(anchor, timeZone).until(monthOf(instant, timeZone), { largestUnit: 'months' }).months;
}

function monthOf(instant: number, timeZone: string): Temporal.PlainYearMonth {
  return at(instant, timeZone).toPlainDate().toPlainYearMonth();
}
