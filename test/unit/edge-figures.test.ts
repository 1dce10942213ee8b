import { expect, test } from 'vitest';
import { brokenPromises, delayRows, percentile } from '../bench/edge/figures.ts';
import type { Journey } from '../bench/edge/journey.ts';
import type { Arrival, Phase } from '../bench/edge/visit.ts';

function journey(name: string, arrivals: (Arrival & { phase: Phase })[]): Journey {
  const traveller = { name, nodes: 1, arrive: async () => arrivals[0] as Arrival };
  return { traveller: { ...traveller, leave: async () => undefined, carried: async () => 0n }, arrivals };
}

test('a percentile is the smallest value that so many do not exceed', () => {
  expect(percentile([30, 10, 20], 0.5)).toBe(20);
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  expect(percentile([7], 0.95)).toBe(7);
  expect(percentile([1, 2], 1)).toBe(2);
  expect(percentile([], 0.5)).toBeNaN();
});

test('arrivals are told apart by nodes and by what was held, and those that never passed are counted', () => {
  const rows = delayRows([
    journey('real', [
      { holding: 'allowance', delayMs: 5, phase: 'plenty left' },
      { holding: 'nothing', delayMs: 450, phase: 'last 5 %' },
    ]),
    journey('real', [{ holding: 'nothing', delayMs: undefined, phase: 'last 5 %' }]),
    journey('simulated', [{ holding: 'nothing', delayMs: 400, phase: 'plenty left' }]),
  ]);
  expect(
    rows.map(({ nodes, holding, arrivals, unanswered, most }) => [
      nodes,
      holding,
      arrivals,
      unanswered,
      most,
    ]),
  ).toEqual([
    ['real', 'allowance', 1, 0, 5],
    ['real', 'nothing', 2, 1, 450],
    ['simulated', 'nothing', 1, 0, 400],
  ]);
});

test('overshoot, a wrong bill and a hundredth of the volume stranded break a promise', () => {
  const figures = { soldBytes: 1000n, acceptedBytes: 995n, billedBytes: 995n, rows: [] };
  expect(brokenPromises(figures)).toEqual([]);
  expect(brokenPromises({ ...figures, acceptedBytes: 1001n, billedBytes: 1001n })[0]).toContain(
    '1 bytes more',
  );
  expect(brokenPromises({ ...figures, billedBytes: 994n })).toEqual(['billed 994, but accepted 995']);
  expect(brokenPromises({ ...figures, acceptedBytes: 990n, billedBytes: 990n })[0]).toContain(
    '10 bytes are stranded',
  );
});
