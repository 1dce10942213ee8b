import { expect, test } from 'vitest';
import { type Device, type Reading, sharesOf } from '../bench/fairness/figures.ts';

/** A reading each second; of each device bytes per second, second after second. Payload is nine tenths of it. */
function readingsOf(down: readonly (readonly number[])[], up = down.map(() => [0])): readonly Reading[] {
  const seconds = Math.max(...down.map(({ length }) => length));
  const sum = (rates: readonly number[], end: number) =>
    Array.from({ length: end }, (_, n) => rates[n] ?? rates.at(-1) ?? 0).reduce((all, rate) => all + rate, 0);
  return Array.from({ length: seconds + 1 }, (_, second) => {
    const [downs, ups] = [down, up].map((all) => all.map((rates) => sum(rates, second)));
    return {
      at: 500 + second * 1000,
      payload: (downs ?? []).map((bytes) => bytes * 0.9),
      down: downs ?? [],
      up: ups ?? [],
    };
  });
}

const downloads: readonly Device[] = [1, 8].map((streams) => ({ direction: 'down', streams }));
const forSeconds = (count: number, rate: number) => Array.from({ length: count }, () => rate);

test('only what comes after the warm-up counts, and the least is a part of an equal share', () => {
  const readings = readingsOf([
    [...forSeconds(10, 0), ...forSeconds(10, 40)],
    [...forSeconds(10, 100), ...forSeconds(10, 60)],
  ]);
  const [shares] = sharesOf(readings, 10, downloads, 800);
  expect(shares).toMatchObject({ direction: 'down', accepted: [320, 480], least: 0.8, worst: 0.8, used: 1 });
  expect(shares?.payload[0]).toBeCloseTo(288);
});

test('shares are fair from the second on after which no look is unfair', () => {
  const slow = [...forSeconds(4, 50), ...forSeconds(6, 10), ...forSeconds(10, 50)];
  const [shares] = sharesOf(readingsOf([slow, forSeconds(20, 50)]), 15, downloads, 800);
  // Five seconds of which one is slow: 0.84 of the share.
  expect(shares?.fairAfterSeconds).toBe(9);
  const [never] = sharesOf(readingsOf([forSeconds(20, 10), forSeconds(20, 90)]), 10, downloads, 800);
  expect(never?.fairAfterSeconds).toBeUndefined();
});

test('the worst look of those that count is told apart from the whole', () => {
  const slow = [...forSeconds(12, 50), ...forSeconds(5, 10), ...forSeconds(13, 50)];
  const [shares] = sharesOf(readingsOf([slow, forSeconds(30, 50)]), 10, downloads, 800);
  expect(shares?.worst).toBeCloseTo(0.2);
  expect(shares?.least).toBeCloseTo(0.8);
});

test('answers are in what is used of a direction, and in nobody’s share; who is silent has none', () => {
  const devices: readonly Device[] = [
    { direction: 'up', streams: 1 },
    { direction: 'down', streams: 1 },
    { direction: 'down', streams: undefined },
  ];
  const down = [forSeconds(20, 5), forSeconds(20, 95), forSeconds(20, 0)];
  const up = [forSeconds(20, 90), forSeconds(20, 10), forSeconds(20, 0)];
  const shares = sharesOf(readingsOf(down, up), 10, devices, 800);
  expect(shares).toMatchObject([
    { direction: 'down', accepted: [760], least: 0.95, used: 1 },
    { direction: 'up', accepted: [720], least: 0.9, used: 1 },
  ]);
});
