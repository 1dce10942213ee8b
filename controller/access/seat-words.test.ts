import { expect, it } from 'vitest';
import { describeSeatMend, describeSeatUse, type SeatHolder } from './seat-words.ts';

const holder = (id: string, change: Partial<SeatHolder> = {}): SeatHolder => ({
  ...{ id, name: id, countsTwice: false, awayNode: null },
  ...change,
});
const use = { limit: 2, holders: [], policy: 'reject-new', needTwo: [] } as const;

it('of many holders the first are named, those that count twice before all', () => {
  const holders = Array.from({ length: 20 }, (_, n) => holder(`d${n}`, { countsTwice: n === 19 }));
  expect(describeSeatUse({ ...use, limit: 21, holders })).toBe(
    'all 21 connections of the tariff are in use, by d19, which counts twice as its key is used in two places at once, d0, d1, d2, d3, d4, d5, d6 and 12 more',
  );
});

it('what frees a connection depends on the policy, on shared keys, and on nodes out of contact', () => {
  const holders = [holder('a', { awayNode: 'fra-1' }), holder('b', { awayNode: 'fra-1' })];
  const away =
    '; a seat on fra-1, out of contact, stays in use until 180 s after contact was lost, whatever its device does';
  expect(describeSeatMend({ ...use, holders, policy: 'evict-oldest' })).toBe(
    `nothing needs to be done: one that sends takes the seat of the device connected longest, once that has been connected for 60 s; one that lost its own seat waits 60 s${away}`,
  );
  expect(describeSeatMend({ ...use, holders: [holder('c', { countsTwice: true })], needTwo: ['d'] })).toBe(
    'turnpike device rekey d, turnpike device rekey c, and configure one place only: that counts once; or disconnect one of the devices that use them: the next one opens by itself, 60 s after its last traffic; or sell more connections',
  );
});
