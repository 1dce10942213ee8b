import { expect, it } from 'vitest';
import { StandingClock } from '../../test/unit/books/rig.ts';
import { Comparing } from './comparing.ts';

it('a digest that took long is followed by none for twenty times as long for each node, and then the owed one comes', () => {
  const clock = new StandingClock();
  let woken = 0;
  const comparing = new Comparing(
    clock,
    () => 2,
    () => {
      woken += 1;
    },
  );
  expect([comparing.allowed, comparing.owed]).toEqual([true, true]);
  comparing.compared(100);
  expect([comparing.allowed, comparing.owed]).toEqual([false, false]);
  comparing.putOff();
  comparing.putOff();
  expect([comparing.allowed, comparing.owed]).toEqual([false, true]);
  clock.pass(3999);
  expect([comparing.allowed, woken]).toEqual([false, 0]);
  clock.pass(1);
  expect([comparing.allowed, woken]).toEqual([true, 1]);
  comparing.compared(0);
  comparing.putOff();
  comparing.cancel();
  clock.pass(60_000);
  expect(woken).toBe(1);
});
