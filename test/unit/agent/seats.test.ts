import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { device, Rig, settings, subscription } from './rig.ts';

let directory: string;
let rig: Rig;
const patienceMs = settings.seatPatienceSeconds * 1000;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-seats-'));
  rig = new Rig(directory);
  rig.inbox.time(rig.clock.now(), true);
  await rig.say({
    subscriptions: [subscription(1, { grantedBytes: 5_000_000n })],
    devices: [device(2, { seat: 'free' }), device(3, { seat: 'held' }), device(4)],
  });
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const pass = () => [2, 3, 4].map((n) => rig.upload(n, 1) > 0n);

test('without the controller for the patience, a device without a seat is parked; who holds one goes on', async () => {
  await rig.beat(patienceMs - 1);
  expect(pass()).toEqual([true, true, true]);
  await rig.beat(1);
  expect(pass()).toEqual([false, true, true]);
  expect((await rig.wireguard.peers()).size).toBe(3);
});

test('it opens again as soon as the controller is heard and nothing it wants is missing', async () => {
  await rig.beat(patienceMs);
  let woken = 0;
  rig.wake = () => {
    woken += 1;
  };
  rig.inbox.heard(true);
  expect(woken).toBe(1);
  await rig.run({ reading: false });
  expect(pass()).toEqual([true, true, true]);
  rig.inbox.heard(true);
  expect(woken).toBe(1);
});

test('it stays parked until what the controller wanted meanwhile is in force: its seat may be taken', async () => {
  await rig.beat(patienceMs);
  rig.inbox.heard(false);
  await rig.run({ reading: false });
  expect(pass()).toEqual([false, true, true]);
  rig.inbox.heard(false);
  await rig.beat();
  expect(pass()).toEqual([false, true, true]);
  rig.inbox.heard(true);
  await rig.run({ reading: false });
  expect(pass()).toEqual([true, true, true]);
});

test('an agent that restarts beside its controller parks nobody, whatever was written last', async () => {
  for (let second = 0; second < 100; second += 1) {
    rig.inbox.heard(true);
    await rig.beat();
  }
  await rig.restart();
  await rig.beat(patienceMs / 2);
  expect(pass()).toEqual([true, true, true]);
});

test.each([3_600_000, -3_600_000])(
  'a restart and a wall clock set by %i ms change nothing in it',
  async (step) => {
    await rig.beat(patienceMs / 2);
    rig.clock.step(step);
    await rig.restart();
    expect(pass()).toEqual([true, true, true]);
    await rig.beat(patienceMs / 2);
    expect(pass()).toEqual([false, true, true]);
    await rig.restart();
    expect(pass()).toEqual([false, true, true]);
  },
);
