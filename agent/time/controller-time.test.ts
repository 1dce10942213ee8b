import { expect, test } from 'vitest';
import { ManualClock } from '../../test/unit/agent/manual-clock.ts';
import { ControllerTime } from './controller-time.ts';

const hour = 3_600_000;
const known = 1_900_000_000_000;

function heardOnce(clock: ManualClock): ControllerTime {
  const time = new ControllerTime(clock, 'boot', undefined);
  time.begin();
  time.heard(known);
  return time;
}

test('before anything was heard, it is the wall clock’s', () => {
  const clock = new ManualClock();
  expect(new ControllerTime(clock, 'boot', undefined).now()).toBe(clock.now());
});

test.each([hour, -hour])('once heard, a step of the wall clock by %i ms moves nothing', (step) => {
  const clock = new ManualClock();
  const time = heardOnce(clock);
  clock.step(step);
  clock.advance(5000);
  expect(time.now()).toBe(known + 5000);
  expect(time.toMonotonic(known + 6000)).toBe(clock.monotonic() + 1000);
});

test('of the last words the one that was fastest under way counts, but not for ever', () => {
  const clock = new ManualClock();
  const time = heardOnce(clock);
  const after = (ms: number, delay: number) => {
    clock.advance(ms);
    return time.heard(known + clock.monotonic() - 1_000_000 - delay);
  };
  expect(after(10_000, 800)).toBe(false);
  expect(time.now()).toBe(known + 10_000);
  for (let count = 0; count < 10; count += 1) expect(after(10_000, 800)).toBe(false);
  expect(after(10_000, 800)).toBe(true);
  expect(time.now()).toBe(known + 120_000 - 800);
});

test('a drift is told before it comes to much, however slow it is', () => {
  const clock = new ManualClock();
  const time = heardOnce(clock);
  let told = 0;
  for (let count = 1; count <= 100; count += 1) {
    clock.advance(10_000);
    if (time.heard(known + count * 10_010)) told += 1;
  }
  expect(told).toBe(10);
});

test('another controller’s clock counts from its first word on', () => {
  const clock = new ManualClock();
  const time = heardOnce(clock);
  time.begin();
  expect(time.heard(known - hour)).toBe(true);
  expect(time.now()).toBe(known - hour);
});

test.each([hour, -hour])('holds over a restart in one boot, with the wall clock %i ms off', (step) => {
  const clock = new ManualClock();
  const tie = heardOnce(clock).toJournal();
  clock.step(step);
  clock.advance(5000);
  expect(new ControllerTime(clock, 'boot', tie).now()).toBe(known + 5000);
});

test('after a reboot the wall clock has to do, as far as it is not behind what was known', () => {
  const clock = new ManualClock();
  const tie = heardOnce(clock).toJournal();
  expect(new ControllerTime(clock, 'next boot', tie).now()).toBe(known);
  clock.step(known + hour - clock.now());
  const time = new ControllerTime(clock, 'next boot', tie);
  clock.step(-hour);
  clock.advance(5000);
  expect(time.now()).toBe(known + hour + 5000);
});

test('is written when it moved, and once a minute', () => {
  const clock = new ManualClock();
  expect(new ControllerTime(clock, 'boot', undefined).toJournal()).toBeUndefined();
  const time = heardOnce(clock);
  const tie = time.toJournal();
  if (tie) time.wasJournalled(tie);
  expect(tie).toMatchObject({ bootId: 'boot', at: known });
  clock.advance(50_000);
  expect(time.toJournal()).toBeUndefined();
  clock.advance(10_000);
  expect(time.toJournal()).toMatchObject({ at: known + 60_000 });
});
