import { expect, it } from 'vitest';
import { Backoff } from './backoff.ts';

const always = (value: number) => () => value;

it('waits grow from 0.2 s to 1 s while the controller may be restarting, then to 30 s', () => {
  const backoff = new Backoff(always(1));
  const waits: number[] = [];
  let now = 1_000_000;
  for (let attempt = 0; attempt < 26; attempt += 1) {
    const wait = backoff.next(now);
    waits.push(wait);
    now += wait;
  }
  expect(waits.slice(0, 5)).toEqual([200, 400, 800, 1000, 1000]);
  expect(waits.findIndex((wait) => wait > 1000)).toBe(17);
  expect(waits.at(-1)).toBe(30_000);
});

it('the jitter is full: a wait may be of any length up to the cap', () => {
  expect(new Backoff(always(0)).next(0)).toBe(0);
  expect(new Backoff(always(0.5)).next(0)).toBe(100);
});

it('success starts all over', () => {
  const backoff = new Backoff(always(1));
  for (let attempt = 0; attempt < 10; attempt += 1) backoff.next(attempt * 10_000);
  backoff.reset();
  expect(backoff.next(500_000)).toBe(200);
});

it('a refused identity waits about a minute', () => {
  expect(new Backoff(always(0)).refused()).toBe(45_000);
  expect(new Backoff(always(1)).refused()).toBe(75_000);
});
