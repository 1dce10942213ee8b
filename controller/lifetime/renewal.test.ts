import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phaseAt, type Times } from './phase.ts';
import { planRenewal, type Renewable } from './renewal.ts';

const day = 86_400_000;
const instants = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2040, 0) });

const times: fc.Arbitrary<Times> = fc.record({
  startsAt: fc.option(instants),
  expiresAt: fc.option(instants),
  graceSeconds: fc.integer({ min: 0, max: 30 * 86_400 }),
});

const tariffs: fc.Arbitrary<Renewable['tariff']> = fc.oneof(
  fc.record({
    name: fc.constant('t'),
    durationDays: fc.integer({ min: 1, max: 400 }),
    period: fc.constantFrom('once', 'month'),
    periodDays: fc.constant(null),
  }),
  fc.record({
    name: fc.constant('t'),
    durationDays: fc.constant(null),
    period: fc.constant('days'),
    periodDays: fc.integer({ min: 1, max: 90 }),
  }),
  fc.constant({ name: 't', durationDays: null, period: 'month', periodDays: null } as const),
);

describe('the phase of a subscription', () => {
  const order = ['waiting', 'running', 'grace', 'over'];

  it('goes on only, as time does', () => {
    fc.assert(
      fc.property(times, instants, fc.nat(), (one, now, later) => {
        const before = order.indexOf(phaseAt(one, now));
        expect(order.indexOf(phaseAt(one, now + later))).toBeGreaterThanOrEqual(before);
      }),
    );
  });

  it('has a grace that is exactly as long as the tariff gives', () => {
    fc.assert(
      fc.property(times, (one) => {
        if (one.expiresAt === null) return;
        const end = one.expiresAt + one.graceSeconds * 1000;
        expect(phaseAt(one, end)).toBe('over');
        expect(['waiting', 'running']).toContain(phaseAt(one, one.expiresAt - 1));
        if (one.graceSeconds > 0) {
          expect(phaseAt(one, end - 1)).toBe('grace');
          expect(phaseAt(one, one.expiresAt)).toBe('grace');
        }
      }),
    );
  });
});

describe('a renewal', () => {
  it('always lengthens, and never gives away what was over, nor takes what was paid', () => {
    fc.assert(
      fc.property(times, tariffs, instants, fc.integer({ min: 1, max: 24 }), (one, tariff, now, periods) => {
        if (one.expiresAt === null) return;
        const phase = phaseAt(one, now);
        const subscription = { id: 's', phase, expiresAt: one.expiresAt, timeZone: 'Europe/Berlin', tariff };
        const { from, until } = planRenewal(subscription, { periods }, now);
        expect(from).toBe(phase === 'over' ? now : one.expiresAt);
        const shortest = tariff.durationDays ?? tariff.periodDays ?? 28;
        // An hour of daylight saving may be lost on the way.
        expect(until - from).toBeGreaterThanOrEqual(periods * shortest * day - 3_600_000);
      }),
    );
  });

  it('of a month ends on the same day, or the last one of a shorter month', () => {
    const tariff = { name: 't', durationDays: null, period: 'month', periodDays: null } as const;
    const expiresAt = Date.parse('2028-01-31T12:00:00Z');
    const one = { id: 's', phase: 'running', expiresAt, timeZone: 'Europe/Berlin', tariff } as const;
    const until = (periods: number) => new Date(planRenewal(one, { periods }, 0).until).toISOString();
    expect(until(1)).toBe('2028-02-29T12:00:00.000Z');
    expect(until(2)).toBe('2028-03-31T11:00:00.000Z');
  });
});
