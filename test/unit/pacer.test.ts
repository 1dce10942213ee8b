import { expect, test } from 'vitest';
import { due, type Pace } from '../lab/traffic/pacer.ts';

/** Looks at the pace at each of these milliseconds, and says how many datagrams left each time. */
function leave(datagramsPerSecond: number, ...looks: readonly number[]): number[] {
  let pace: Pace = { datagramsPerSecond, sentInRun: 0, startedAt: 0 };
  return looks.map((now) => {
    const { count, pace: next } = due(pace, now);
    pace = next;
    return count;
  });
}

test('datagrams leave at the pace', () => {
  expect(leave(1000, 0, 2, 4, 5, 10)).toEqual([0, 2, 2, 1, 5]);
});

test('what was missed is not made up for in a burst', () => {
  expect(leave(1000, 2, 5000, 5002)).toEqual([2, 12, 2]);
});
