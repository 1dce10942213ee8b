import { expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { repeat, watchSilence } from './liveness.ts';

/** Time that the test moves. */
function manualClock() {
  let now = 0;
  let timers: { at: number; action: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: () => Promise.reject(new Error('not used')),
    after: (ms, action) => {
      const timer = { at: now + ms, action };
      timers.push(timer);
      const cancel = () => {
        timers = timers.filter((other) => other !== timer);
      };
      return { cancel };
    },
  };
  const advance = (ms: number) => {
    const until = now + ms;
    for (;;) {
      const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      timers = timers.filter((other) => other !== next);
      now = next.at;
      next.action();
    }
    now = until;
  };
  return { clock, advance, pending: () => timers.length };
}

it('silence is noticed once, after its time since the last word', () => {
  const { clock, advance, pending } = manualClock();
  let silent = 0;
  const watch = watchSilence(clock, 100, () => {
    silent += 1;
  });
  advance(80);
  watch.heard();
  advance(99);
  expect(silent).toBe(0);
  advance(1);
  expect(silent).toBe(1);
  advance(1000);
  expect(silent).toBe(1);
  expect(pending()).toBe(0);
});

it('while nothing is read, nothing is taken for silence', () => {
  const { clock, advance } = manualClock();
  let silent = 0;
  const watch = watchSilence(clock, 100, () => {
    silent += 1;
  });
  watch.pause();
  advance(1000);
  watch.resume();
  advance(99);
  expect(silent).toBe(0);
  advance(101);
  expect(silent).toBe(1);
});

it('a stopped watch leaves no timer', () => {
  const { clock, pending } = manualClock();
  watchSilence(clock, 100, () => undefined).stop();
  expect(pending()).toBe(0);
});

it('repeats until cancelled', () => {
  const { clock, advance, pending } = manualClock();
  let rings = 0;
  const timer = repeat(clock, 10, () => {
    rings += 1;
  });
  advance(35);
  expect(rings).toBe(3);
  timer.cancel();
  advance(100);
  expect(rings).toBe(3);
  expect(pending()).toBe(0);
});
