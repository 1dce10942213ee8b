import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { allowancePerDevice } from '../../../common/allowance.ts';
import { device, Rig, subscription, subscriptionId } from './rig.ts';

let directory: string;
let rig: Rig;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-ends-'));
  rig = new Rig(directory);
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const MB = 1_000_000n;
const endIn = (ms: number) => rig.memory.endsAt.set(subscriptionId(1), rig.clock.monotonic() + ms);
const begin = async (ms: number, change = {}) => {
  endIn(ms);
  await rig.say({ subscriptions: [subscription(1, change)], devices: [device(2)] });
};
const marksAside = () =>
  rig.gate.applied.flat().filter(({ kind }) => kind === 'admit' || kind === 'expel').length;

describe.each([
  ['on an allowance', {}, 'allowance'],
  ['on a grant', { grantedBytes: 10n * MB }, 'quota'],
  ['without limit', { metering: 'unlimited' as const }, 'unlimited'],
])('a subscription that ends, %s,', (_, change, kind) => {
  /** In mid-traffic: it stirred already. */
  const beginTraffic = async () => {
    await begin(10_000, change);
    rig.upload(2, 1);
    await rig.run();
    expect(rig.memory.gate.devices.get(device(2).id)?.pass.kind).toBe(kind);
  };

  test('passes until then, and then nothing, with the agent dead', async () => {
    await beginTraffic();
    rig.clock.advance(9_999);
    expect(rig.upload(2, 5)).toBe(5000n);
    rig.clock.advance(1);
    expect(rig.upload(2, 5)).toBe(0n);
  });

  test('is closed and settled by the agent, and that is no drift', async () => {
    await beginTraffic();
    rig.upload(2, 5);
    await rig.beat(10_000);
    await rig.beat();
    await rig.run({ full: true });
    expect(rig.upload(2, 5)).toBe(0n);
    expect(rig.memory.gate.devices.get(device(2).id)?.pass.kind).toBe('closed');
    expect(rig.used()).toBe(6000n);
    expect(rig.account().writtenOff).toBe(0n);
    expect(rig.account().armed).toBe(6000n);
    expect(rig.telemetry.driftRepaired).toBe(0);
  });

  test('is no drift either when a look comes first', async () => {
    await beginTraffic();
    rig.clock.advance(10_001);
    await rig.run({ full: true });
    expect(rig.telemetry.driftRepaired).toBe(0);
  });

  test('passes again when its end moves, also after it was over', async () => {
    await beginTraffic();
    await rig.beat(5000);
    endIn(20_000);
    await rig.run();
    rig.clock.advance(10_000);
    expect(rig.upload(2, 5)).toBe(5000n);
    await rig.beat(10_000);
    await rig.beat();
    expect(rig.upload(2, 5)).toBe(0n);
    endIn(20_000);
    await rig.run();
    expect(rig.upload(2, 5)).toBe(5000n);
    rig.memory.endsAt.clear();
    await rig.run();
    rig.clock.advance(1_000_000);
    expect(rig.upload(2, 1)).toBe(1000n);
  });

  test('is left alone when its end moves by next to nothing', async () => {
    await beginTraffic();
    const before = marksAside();
    endIn(10_100);
    await rig.run();
    endIn(9_900);
    await rig.run();
    expect(marksAside()).toBe(before);
  });
});

test('an allowance whose end moves is read before it is armed anew: no more can pass than was journalled', async () => {
  await begin(10_000, { grantedBytes: 2n * allowancePerDevice });
  expect(rig.upload(2, 100)).toBe(100_000n);
  endIn(20_000);
  await rig.run();
  expect(rig.used()).toBe(100_000n);
  const { armed } = rig.account();
  expect(armed).toBeLessThanOrEqual(2n * allowancePerDevice);
  let passed = 100_000n;
  for (let round = 0; round < 4; round += 1) {
    passed += rig.upload(2, 1000);
    await rig.beat();
  }
  expect(passed).toBeLessThanOrEqual(2n * allowancePerDevice);
  expect(rig.used()).toBe(passed);
});

test('a quota whose end moves stays the same object', async () => {
  await begin(10_000, { grantedBytes: 10n * MB });
  rig.upload(2, 1);
  await rig.beat();
  const { quotas } = rig.memory.gate;
  expect(quotas.size).toBe(1);
  endIn(60_000);
  await rig.run();
  expect([...rig.memory.gate.quotas.keys()]).toEqual([...quotas.keys()]);
});

test('a restart leaves an allowance with an end as it is', async () => {
  await begin(100_000);
  rig.clock.advance(1300);
  const end = rig.memory.endsAt.get(subscriptionId(1)) ?? 0;
  const before = marksAside();
  rig.journal.close();
  rig.start();
  rig.memory.endsAt.set(subscriptionId(1), end);
  await rig.run();
  expect(marksAside()).toBe(before);
  rig.clock.advance(98_700);
  expect(rig.upload(2, 1)).toBe(0n);
});
