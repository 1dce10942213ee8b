import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { device, Rig, settings, subscription, subscriptionId } from './rig.ts';

// With many devices a reading of the counters takes long; these are about what must not wait for it.

let directory: string;
let rig: Rig;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-slow-'));
  rig = new Rig(directory);
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const grant = (bytes: bigint) => [subscription(1, { grantedBytes: bytes, allowance: false })];
const delta = {
  removedDeviceIds: [],
  removedSubscriptionIds: [],
  erasedSubscriptionIds: [],
  subscriptions: [],
  devices: [],
};
const idle = { reading: false, full: false };

/** Readings end only when they are ended from outside. Says how many were begun. */
function stallReadings(): () => number {
  let begun = 0;
  rig.gate.read = (signal) => {
    begun += 1;
    return new Promise((_resolve, reject) => {
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  };
  return () => begun;
}

test('what the controller says ends a reading, is in force first, and the reading is made afterwards', async () => {
  await rig.say({ subscriptions: grant(2_000_000n), devices: [device(2)] });
  const read = rig.gate.read;
  const begun = stallReadings();
  const round = rig.reconciler.round({ reading: true, full: false });
  const answer = rig.inbox.apply([{ ...delta, devices: [device(3)] }], 2n);
  await round;
  expect(begun()).toBe(1);
  rig.gate.read = read;
  const { readings } = rig.telemetry;
  await rig.reconciler.round(idle);
  expect(await answer).toEqual({ refusals: [] });
  expect((await rig.wireguard.peers()).size).toBe(2);
  expect(rig.telemetry.readings).toBe(readings);
  expect(rig.reconciler.restless).toBe(true);
  await rig.reconciler.round(idle);
  expect(rig.telemetry.readings).toBe(readings + 1);
});

test('however much the controller says, a reading waits for some seconds at most', async () => {
  await rig.say({ subscriptions: grant(2_000_000n), devices: [device(2)] });
  const { readings } = rig.telemetry;
  for (let n = 3; rig.telemetry.readings === readings; n += 1) {
    expect(n).toBeLessThan(20);
    void rig.inbox.apply([{ ...delta, devices: [device(n)] }], BigInt(n));
    await rig.reconciler.round({ reading: true, full: false });
    rig.clock.advance(250);
  }
});

test('a quota that ran dry is asked for and replaced by its name, before a reading tells what passed', async () => {
  await rig.say({ subscriptions: grant(2_000_000n), devices: [device(2)] });
  rig.inbox.knock([device(2).id]);
  await rig.run({ reading: false });
  const dry = new Set<string>();
  const watch = rig.gate.watch((event) => {
    if (typeof event === 'object') dry.add(event.exhausted);
  });
  expect(rig.upload(2, 3000)).toBe(2_000_000n);
  rig.clock.advance(1);
  watch.stop();
  stallReadings();
  for (const quota of dry) rig.inbox.ranDry(quota);
  await rig.reconciler.round(idle);
  expect(rig.report()?.subscriptions).toMatchObject([{ subscriptionId: subscriptionId(1), wanting: true }]);

  rig.inbox.settings(settings);
  void rig.inbox.apply([{ ...delta, subscriptions: grant(3_000_000n) }], 2n);
  await rig.reconciler.round(idle);
  expect(rig.upload(2, 3000)).toBe(1_000_000n);
});

test('who knocks while he is suspended passes with the first word of the controller, without an allowance', async () => {
  await rig.say({ subscriptions: grant(2_000_000n), devices: [device(2, { access: 'closed' })] });
  rig.inbox.knock([device(2).id]);
  await rig.run({ reading: false });
  expect(rig.upload(2, 1)).toBe(0n);
  await rig.say({ devices: [device(2)] });
  expect(rig.upload(2, 1)).toBe(1_000n);
});

test('who was suspended in mid-traffic passes with the first word of the controller, without an allowance', async () => {
  await rig.say({ subscriptions: grant(2_000_000n), devices: [device(2)] });
  rig.inbox.knock([device(2).id]);
  await rig.run({ reading: false });
  expect(rig.upload(2, 5)).toBe(5_000n);
  const suspended = subscription(1, { grantedBytes: 2_000_000n, allowance: false, recall: 1 });
  await rig.say({ subscriptions: [suspended], devices: [device(2, { access: 'closed' })] });
  await rig.beat();
  expect(rig.account()).toMatchObject({ recall: 1, released: 1_995_000n });
  const resumed = subscription(1, { grantedBytes: 2_065_536n, allowance: false, recall: 1 });
  await rig.say({ subscriptions: [resumed], devices: [device(2)] });
  expect(rig.upload(2, 5)).toBe(5_000n);
});
