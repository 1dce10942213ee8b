import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Speed } from '../../../agent/desired/state.ts';
import type { GateDevice } from '../../../agent/gate/model.ts';
import { device, Rig, subscription, subscriptionId } from './rig.ts';

let directory: string;
let rig: Rig;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-speeds-'));
  rig = new Rig(directory);
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const MB = 1_000_000n;
const each: Speed = { uploadBitsPerSecond: 800_000n, scope: 'device' };
const shared: Speed = { uploadBitsPerSecond: 800_000n, scope: 'subscription' };

/** Two devices in mid-traffic, and one of another customer without a limit. */
async function begin(speed: Speed, metering: 'granted' | 'unlimited' = 'granted'): Promise<void> {
  await rig.say({
    subscriptions: [
      subscription(1, { grantedBytes: 500n * MB, metering, speed }),
      subscription(2, { grantedBytes: 500n * MB }),
    ],
    devices: [device(2), device(3), device(4, { subscriptionId: subscriptionId(2) })],
  });
  for (const n of [2, 3, 4]) rig.upload(n, 1);
  await rig.run();
}

const speedOf = (n: number) => rig.memory.gate.devices.get(device(n).id)?.speed;
const rateOf = (name: string | undefined) => rig.memory.gate.limits.get(name ?? '')?.bytesPerSecond;

/** So many beats in which both devices send all they can, a packet of one after a packet of the other. */
async function flood(beats: number): Promise<[bigint, bigint]> {
  let [first, second] = [0n, 0n];
  for (let beat = 0; beat < beats; beat += 1) {
    for (let count = 0; count < 300; count += 1) {
      first += rig.upload(2, 3);
      second += rig.upload(3, 1);
    }
    await rig.beat();
  }
  return [first, second];
}

test.each(['granted', 'unlimited'] as const)(
  'each device that passes (%s) has its own limit, an idle one none',
  async (metering) => {
    await begin(each, metering);
    expect(rateOf(speedOf(2)?.paceUp)).toBe(100_000n);
    expect(speedOf(2)?.paceUp).not.toBe(speedOf(3)?.paceUp);
    expect(speedOf(2)?.paceDown).toBeUndefined();
    expect(speedOf(4)).toBeUndefined();
    await rig.say({
      subscriptions: [subscription(3, { speed: each })],
      devices: [device(5, { subscriptionId: subscriptionId(3) })],
    });
    expect(rig.memory.gate.devices.get(device(5).id)?.pass.kind).toBe('allowance');
    expect(speedOf(5)).toBeUndefined();
  },
);

test('what is over the limit is not billed, and takes nothing of the volume', async () => {
  await begin(each);
  let passed = 1000n;
  for (let beat = 0; beat < 5; beat += 1) {
    for (let count = 0; count < 1000; count += 1) passed += rig.upload(2, 1);
    await rig.beat();
  }
  expect(passed).toBeLessThan(1_000_000n);
  expect(rig.used()).toBe(passed + 1000n);
});

test('another speed is a fresh limit; quotas and other customers stay untouched', async () => {
  await begin(each);
  const before = { ...rig.memory.gate };
  const { length } = rig.gate.applied;
  const faster = { ...each, uploadBitsPerSecond: 8_000_000n };
  await rig.say({ subscriptions: [subscription(1, { grantedBytes: 500n * MB, speed: faster })] });
  expect(rateOf(speedOf(2)?.paceUp)).toBe(1_000_000n);
  expect(rig.memory.gate.quotas).toEqual(before.quotas);
  expect(rig.memory.gate.devices.get(device(4).id)).toBe(before.devices.get(device(4).id));
  const kinds = new Set(rig.gate.applied.slice(length).flatMap((changes) => changes.map(({ kind }) => kind)));
  expect(kinds).toEqual(new Set(['limit', 'unpace', 'pace', 'unlimit']));
  expect(rig.memory.gate.limits.size).toBe(2);
  await rig.say({ subscriptions: [subscription(1, { grantedBytes: 500n * MB })] });
  expect(rig.memory.gate.limits.size).toBe(0);
});

test('devices that share a speed have it together, and get something like half each', async () => {
  await begin(shared);
  expect(rateOf(speedOf(2)?.poolUp)).toBe(100_000n);
  expect(speedOf(2)).toEqual(speedOf(3));
  await flood(12);
  const [first, second] = await flood(10);
  expect(Number(first + second)).toBeGreaterThan(900_000);
  expect(Number(first + second)).toBeLessThan(1_200_000);
  expect(Number(second) / Number(first + second)).toBeGreaterThan(0.4);
  const { length } = rig.gate.applied;
  await flood(3);
  expect(rig.gate.applied).toHaveLength(length);
});

test('when the volume has ended, the slower speed holds', async () => {
  const throttle: Speed = { uploadBitsPerSecond: 80_000n, scope: 'device' };
  const spent = subscription(1, { grantedBytes: 0n, allowance: false, speed: each, throttle });
  await rig.say({ subscriptions: [spent], devices: [device(2)] });
  expect(rateOf(speedOf(2)?.paceUp)).toBe(10_000n);
  await rig.say({ subscriptions: [{ ...spent, grantedBytes: 500n * MB }] });
  rig.upload(2, 1);
  await rig.beat();
  expect(rateOf(speedOf(2)?.paceUp)).toBe(100_000n);
});

test('a restart leaves limits as they are, and those that somebody took away are put back', async () => {
  await begin(each, 'unlimited');
  const { limits } = rig.memory.gate;
  await rig.restart();
  expect(rig.memory.gate.limits).toEqual(limits);
  expect(rig.telemetry.driftRepaired).toBe(0);

  const { gate } = rig.memory;
  const slowed = gate.devices.get(device(2).id) as GateDevice;
  const meddled = {
    ...gate,
    devices: new Map(gate.devices).set(device(2).id, { ...slowed, speed: undefined }),
  };
  await rig.gate.apply(gate, meddled, 60);
  await rig.run({ full: true });
  expect(rig.telemetry.driftRepaired).toBe(1);
  expect((await rig.gate.observe()).speedOf.get(device(2).address4)?.paceUp).toBe(speedOf(2)?.paceUp);
  expect(rateOf(speedOf(2)?.paceUp)).toBe(100_000n);
});

test('addresses of a device that somebody slowed down unevenly are put right', async () => {
  await begin(each);
  const { gate } = rig.memory;
  const { address4, speed } = gate.devices.get(device(2).id) as GateDevice;
  const only4 = (limited: GateDevice['speed']) => ({
    ...gate,
    devices: new Map([
      ['x', { address4, address6: '::', pass: { kind: 'closed' as const }, speed: limited }],
    ]),
  });
  await rig.gate.apply(only4(speed), only4(undefined), 60);
  await rig.run({ full: true });
  const { speedOf: held } = await rig.gate.observe();
  expect(held.get(address4)).toEqual(held.get(device(2).address6));
  expect(rateOf(held.get(address4)?.paceUp)).toBe(100_000n);
});
