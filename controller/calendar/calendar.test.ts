import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Period, periodAt, periodNumbered, type Schedule } from './period.ts';
import { addDays, nextMidnight, parseTimeZone } from './time-zone.ts';

const zones = Intl.supportedValuesOf('timeZone');
const day = 86_400_000;

const schedules: fc.Arbitrary<Schedule> = fc
  .record({
    kind: fc.constantFrom('month', 'days', 'once'),
    length: fc.integer({ min: 1, max: 400 }),
    anchor: fc.integer({ min: Date.UTC(2012), max: Date.UTC(2060) }),
    timeZone: fc.constantFrom(...zones),
  })
  .map(({ length, ...schedule }) => ({ ...schedule, days: schedule.kind === 'days' ? length : null }));

/** What a wall clock in the zone shows, by another source than the calendar's own. */
function wallClock(timeZone: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  return (instant) => format.format(instant);
}

function iso({ number, startsAt, endsAt }: Period) {
  const show = (instant: number | null) => instant && new Date(instant).toISOString().replace('.000', '');
  return [number, show(startsAt), show(endsAt)];
}

describe('periods', () => {
  it('follow each other without gap or overlap, whatever the zone', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 1, max: 600 }), (schedule, number) => {
        const period = periodNumbered(schedule, number);
        if (schedule.kind === 'once') return period.endsAt === null;
        expect(period.startsAt).toBeLessThan(period.endsAt as number);
        expect(periodNumbered(schedule, number + 1).startsAt).toBe(period.endsAt);
        return true;
      }),
    );
  });

  it('put each instant into exactly one of them', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: 0, max: 20_000 * day }), (schedule, later) => {
        const instant = schedule.anchor + later;
        const period = periodAt(schedule, instant);
        expect(period).toEqual(periodNumbered(schedule, period.number));
        expect(period.startsAt).toBeLessThanOrEqual(instant);
        expect(period.endsAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(instant);
        // And the first and the last moment of it, and the first one of the next.
        expect(periodAt(schedule, period.startsAt).number).toBe(period.number);
        if (period.endsAt === null) return;
        expect(periodAt(schedule, period.endsAt - 1).number).toBe(period.number);
        expect(periodAt(schedule, period.endsAt).number).toBe(period.number + 1);
      }),
    );
  });

  it('begin with the first moment of a month in every zone of the world', () => {
    const anchor = Date.UTC(2024, 0, 15, 12);
    for (const timeZone of zones) {
      const clock = wallClock(timeZone);
      for (let number = 2; number < 40; number++) {
        const { startsAt } = periodNumbered({ kind: 'month', days: null, anchor, timeZone }, number);
        const month = `${2024 + Math.floor((number - 1) / 12)}-${String(((number - 1) % 12) + 1).padStart(2, '0')}`;
        expect(clock(startsAt).slice(0, 10), timeZone).toBe(`${month}-01`);
        expect(clock(startsAt - 1).slice(0, 7) < month, `${timeZone} before ${month}`).toBe(true);
      }
    }
  });

  it('keep the local time of day when they are counted in days', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 3650 }),
        fc.integer({ min: 1, max: 60 }),
        (timeZone, after, number) => {
          // Noon, which no clock change touches.
          const anchor = nextMidnight(Date.UTC(2020, 0, 1) + after * day, timeZone);
          const clock = wallClock(timeZone);
          const noon = [11, 12, 13].map((hours) => anchor + hours * 3_600_000);
          const at = noon.find((instant) => clock(instant).endsWith('12:00:00'));
          fc.pre(at !== undefined);
          const { startsAt } = periodNumbered(
            { kind: 'days', days: 30, anchor: at as number, timeZone },
            number,
          );
          expect(clock(startsAt).slice(11)).toBe('12:00:00');
        },
      ),
    );
  });

  it.each([
    [
      'the first month is what is left of it',
      'Europe/Berlin',
      '2026-01-31T20:00:00Z',
      1,
      '2026-01-31T20:00:00Z',
      '2026-01-31T23:00:00Z',
    ],
    [
      'a February of 28 days',
      'Europe/Berlin',
      '2026-01-31T20:00:00Z',
      2,
      '2026-01-31T23:00:00Z',
      '2026-02-28T23:00:00Z',
    ],
    [
      'a leap day',
      'Europe/Berlin',
      '2028-01-31T20:00:00Z',
      2,
      '2028-01-31T23:00:00Z',
      '2028-02-29T23:00:00Z',
    ],
    [
      'a month that loses an hour',
      'Europe/Berlin',
      '2026-03-10T00:00:00Z',
      1,
      '2026-03-10T00:00:00Z',
      '2026-03-31T22:00:00Z',
    ],
    [
      'a month that wins an hour',
      'Europe/Berlin',
      '2026-09-10T00:00:00Z',
      2,
      '2026-09-30T22:00:00Z',
      '2026-10-31T23:00:00Z',
    ],
    [
      'the same in the south',
      'Australia/Sydney',
      '2026-03-10T00:00:00Z',
      2,
      '2026-03-31T13:00:00Z',
      '2026-04-30T14:00:00Z',
    ],
    [
      'the far side of the date line',
      'Pacific/Kiritimati',
      '2026-12-31T09:59:59Z',
      1,
      '2026-12-31T09:59:59Z',
      '2026-12-31T10:00:00Z',
    ],
    [
      'a first moment that is not midnight',
      'America/Asuncion',
      '2017-09-10T00:00:00Z',
      2,
      '2017-10-01T04:00:00Z',
      '2017-11-01T03:00:00Z',
    ],
  ] as const)('by month: %s', (_name, timeZone, anchor, number, startsAt, endsAt) => {
    const schedule: Schedule = { kind: 'month', days: null, anchor: Date.parse(anchor), timeZone };
    expect(iso(periodNumbered(schedule, number))).toEqual([number, startsAt, endsAt]);
  });

  it.each([
    ['over a leap day', 'UTC', '2028-02-20T08:00:00Z', 30, 1, '2028-02-20T08:00:00Z', '2028-03-21T08:00:00Z'],
    [
      'over the loss of an hour',
      'Europe/Berlin',
      '2026-03-28T08:00:00Z',
      1,
      1,
      '2026-03-28T08:00:00Z',
      '2026-03-29T07:00:00Z',
    ],
    [
      'over the gain of an hour',
      'America/Santiago',
      '2026-04-04T12:00:00Z',
      1,
      1,
      '2026-04-04T12:00:00Z',
      '2026-04-05T13:00:00Z',
    ],
    [
      'at a time that a day has not',
      'Europe/Berlin',
      '2026-03-28T01:30:00Z',
      1,
      2,
      '2026-03-29T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ],
    [
      'at a time that a day has twice',
      'Europe/Berlin',
      '2026-10-24T00:30:00Z',
      1,
      2,
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ],
    [
      'by half an hour',
      'Australia/Lord_Howe',
      '2026-04-04T01:00:00Z',
      1,
      1,
      '2026-04-04T01:00:00Z',
      '2026-04-05T01:30:00Z',
    ],
  ] as const)('by days: %s', (_name, timeZone, anchor, days, number, startsAt, endsAt) => {
    const schedule: Schedule = { kind: 'days', days, anchor: Date.parse(anchor), timeZone };
    expect(iso(periodNumbered(schedule, number))).toEqual([number, startsAt, endsAt]);
  });

  it('count as the first one what is before the anchor', () => {
    const schedule: Schedule = { kind: 'month', days: null, anchor: Date.UTC(2026, 4, 5), timeZone: 'UTC' };
    expect(periodAt(schedule, Date.UTC(2020, 0)).number).toBe(1);
    expect(periodAt({ ...schedule, kind: 'once' }, Date.UTC(2090, 0)).number).toBe(1);
  });
});

describe('time zones', () => {
  it('are named as the database spells them, links by their own name', () => {
    expect(parseTimeZone('europe/berlin')).toBe('Europe/Berlin');
    expect(parseTimeZone('Asia/Kolkata')).toBe('Asia/Kolkata');
    expect(parseTimeZone('UTC')).toBe('UTC');
  });

  it.each(['Europe/Berln', '+03:00', '', 'Mars/Base', 'Europe/Berlin\u001b[2J', 'CEST '])(
    'that do not exist are named: %j',
    (name) => {
      expect(() => parseTimeZone(name)).toThrowError(
        expect.objectContaining({
          code: 'invalid',
          message: `timeZone: there is no time zone "${name.replace('\u001b', '?')}"`,
          remedy: expect.stringMatching(/Europe\/Berlin/),
        }),
      );
    },
  );

  it('have days that begin where the local one does', () => {
    expect(nextMidnight(Date.parse('2026-03-28T23:00:00Z'), 'Europe/Berlin')).toBe(
      Date.parse('2026-03-29T22:00:00Z'),
    );
    expect(nextMidnight(Date.parse('2026-03-28T22:59:59Z'), 'Europe/Berlin')).toBe(
      Date.parse('2026-03-28T23:00:00Z'),
    );
    expect(addDays(Date.parse('2026-03-28T11:00:00Z'), 1, 'Europe/Berlin')).toBe(
      Date.parse('2026-03-29T10:00:00Z'),
    );
  });
});
