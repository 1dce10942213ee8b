import { describe, expect, it } from 'vitest';
import { drawRound } from '../chaos/draw.ts';
import { faultNames, faults } from '../chaos/faults.ts';
import { brokenPromises, type CustomerFigures, type RoundFigures } from '../chaos/figures.ts';
import { medianAndWorst } from '../chaos/table.ts';

const kept = faults['agent: kill -9, started again'];
const destroyed = faults['ruleset flushed'];
const struck = faults['wireguard-go: kill -9'];

const fine: CustomerFigures = {
  name: 'steady',
  arrived: 1000n,
  gates: { came: 1000n, passed: 1000n },
  billed: 1000n,
  writtenOff: 0n,
  sold: 10_000n,
  arrivedInAll: 1000n,
  left: 9000n,
  writeOffBound: 500n,
  runsDry: false,
};
const round = (change: Partial<CustomerFigures> = {}, other: Partial<RoundFigures> = {}): RoundFigures => ({
  customers: [{ ...fine, ...change }],
  intruded: 0n,
  silentMs: 100,
  heldMs: 0,
  bookedMs: 0,
  ...other,
});

describe('a round breaks a promise', () => {
  it.each<[string, RoundFigures, keyof typeof terms, RegExp]>([
    ['a byte is lost', round({ billed: 999n }), 'kept', /1 bytes were accepted and not billed/],
    ['a byte is doubled', round({ billed: 1001n }), 'kept', /1 bytes were billed that were not accepted/],
    ['anything is written off while the counters live', round({ writtenOff: 1n }), 'kept', /written off/],
    ['more passes than was sold', round({ sold: 999n }), 'kept', /1 bytes beyond what was sold/],
    ['somebody gets in', round({}, { intruded: 1n }), 'kept', /nothing left/],
    [
      'something passes beside the gate',
      round({ gates: { came: 1000n, passed: 999n } }),
      'kept',
      /no gate let/,
    ],
    ['the gate stops who has plenty', round({ gates: { came: 1001n, passed: 1000n } }), 'kept', /stopped/],
    ['traffic stands still for too long', round({}, { silentMs: 60_000 }), 'kept', /stood still/],
    ['the volume is left behind', round({ runsDry: true, left: 100n }), 'kept', /100 bytes are stranded/],
    ['lost counters are billed', round({ billed: 1001n }), 'destroyed', /billed that were not accepted/],
    [
      'lost counters are forgotten',
      round({ billed: 900n, writtenOff: 99n }),
      'destroyed',
      /neither billed nor/,
    ],
    ['too much is written off', round({ writtenOff: 501n }), 'destroyed', /the bound is 500/],
  ])('when %s', (_what, figures, term, says) => {
    expect(brokenPromises(figures, terms[term]).join('\n')).toMatch(says);
  });

  it('and none when all is well, or what the fault may cost is within its bound', () => {
    expect(brokenPromises(round(), kept)).toEqual([]);
    expect(brokenPromises(round({ billed: 700n, writtenOff: 400n }), destroyed)).toEqual([]);
    // What WireGuard dropped behind the gate was accepted.
    expect(brokenPromises(round({ arrived: 990n }), struck)).toEqual([]);
    expect(brokenPromises(round({}, { silentMs: 2500, heldMs: 2400 }), kept)).toEqual([]);
  });
});

const terms = { kept, destroyed };

describe('a draw', () => {
  it('is the same for the same seed and number, whatever was drawn before', () => {
    expect(drawRound(7, 40, faultNames)).toEqual(drawRound(7, 40, faultNames));
    expect(drawRound(7, 40, faultNames)).not.toEqual(drawRound(8, 40, faultNames));
  });

  it('has each fault once in as many rounds as there are', () => {
    const numbers = faultNames.map((_, index) => faultNames.length + index + 1);
    const drawn = numbers.map((number) => drawRound(3, number, faultNames).fault);
    expect(drawn.toSorted()).toEqual(faultNames.toSorted());
    expect(drawn).not.toEqual(faultNames);
  });
});

it('the worst of a fault is what is farthest from nothing', () => {
  expect(medianAndWorst([3, -70_000, 1])).toBe('1 / -70,000');
  expect(medianAndWorst([])).toBe('0 / 0');
});
