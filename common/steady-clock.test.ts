import { expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { silentLogger } from './log.ts';
import { clockWatchTask, SteadyClock } from './steady-clock.ts';

const hour = 3_600_000;

function machine() {
  const timers: (() => void)[] = [];
  const state = { wall: 1_800_000_000_000, monotonic: 5_000.25 };
  const base: Clock = {
    now: () => state.wall,
    monotonic: () => state.monotonic,
    sleep: async () => undefined,
    after: (_ms, action) => {
      timers.push(action);
      return { cancel: () => undefined };
    },
  };
  const pass = (ms: number) => {
    state.wall += ms;
    state.monotonic += ms;
  };
  const ring = () => {
    for (const action of timers.splice(0)) action();
  };
  return { state, base, pass, ring };
}

test.each([hour, -hour])('a step of the wall clock by %i ms moves nothing', (step) => {
  const { state, base, pass } = machine();
  const clock = new SteadyClock(base);
  pass(1000);
  state.wall += step;
  pass(1000);
  expect(clock.now()).toBe(1_800_000_002_000);
  expect(Number.isInteger(clock.now())).toBe(true);
});

test.each([hour, -hour])('a step of the wall clock by %i ms is counted once', async (step) => {
  const { state, base, pass, ring } = machine();
  const clock = new SteadyClock(base);
  const stop = new AbortController();
  const done = clockWatchTask(clock, silentLogger).run(stop.signal, () => undefined);
  ring();
  expect(clock.steps).toBe(0);
  state.wall += step;
  ring();
  pass(10_000);
  ring();
  expect(clock.steps).toBe(1);
  state.wall -= step;
  ring();
  expect(clock.steps).toBe(2);
  stop.abort();
  await done;
});
