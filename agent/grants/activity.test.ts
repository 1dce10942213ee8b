import { expect, test } from 'vitest';
import { observeKnock, observeUsage, quiet } from './activity.ts';

test('steady traffic settles on its rate', () => {
  let activity = quiet;
  for (let second = 1; second <= 30; second++) {
    activity = observeUsage(activity, 1_000_000n, 1000, second * 1000);
  }
  expect(activity.bytesPerSecond).toBeGreaterThan(990_000);
  expect(activity.bytesPerSecond).toBeLessThanOrEqual(1_000_000);
});

test('a reading between two packets does not end the rate; a second and a half without any does', () => {
  const busy = observeUsage(quiet, 1_000_000n, 1000, 1000);
  expect(observeUsage(busy, 0n, 10, 1010).bytesPerSecond).toBeGreaterThan(0);
  expect(observeUsage(busy, 0n, 1500, 2500).bytesPerSecond).toBe(0);
});

test('a device that knocks stirs, but has no rate', () => {
  const knocking = observeKnock(quiet, 5000);
  expect(knocking).toMatchObject({ bytesPerSecond: 0, stirredAt: 5000, knockedAt: 5000 });
});
