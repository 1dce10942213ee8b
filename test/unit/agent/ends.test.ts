import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { allowancePerDevice } from '../../../common/allowance.ts';
import { device, Rig, subscription } from './rig.ts';

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
let item = subscription(1);
/** The kernel is told a millisecond less. */
const endIn = (ms: number) => {
  item = { ...item, endsAt: rig.time.now() + ms + 1 };
  return rig.say({ subscriptions: [item] });
};
const begin = async (ms: number, change = {}) => {
  item = subscription(1, change);
  await rig.say({ devices: [device(2)] });
  await endIn(ms);
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
    await endIn(20_000);
    rig.clock.advance(10_000);
    expect(rig.upload(2, 5)).toBe(5000n);
    await rig.beat(10_000);
    await rig.beat();
    expect(rig.upload(2, 5)).toBe(0n);
    await endIn(20_000);
    expect(rig.upload(2, 5)).toBe(5000n);
    const { endsAt: _, ...forever } = item;
    await rig.say({ subscriptions: [forever] });
    rig.clock.advance(1_000_000);
    expect(rig.upload(2, 1)).toBe(1000n);
  });

  test('is left alone when its end moves by next to nothing', async () => {
    await beginTraffic();
    const before = marksAside();
    await endIn(10_100);
    await endIn(9_900);
    expect(marksAside()).toBe(before);
  });
});

test('an allowance whose end moves is read before it is armed anew: no more can pass than was journalled', async () => {
  await begin(10_000, { grantedBytes: 2n * allowancePerDevice });
  expect(rig.upload(2, 100)).toBe(100_000n);
  await endIn(20_000);
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
  await endIn(60_000);
  expect([...rig.memory.gate.quotas.keys()]).toEqual([...quotas.keys()]);
});

test('a restart leaves an allowance with an end as it is', async () => {
  await begin(100_000);
  rig.clock.advance(1300);
  const before = marksAside();
  rig.journal.close();
  rig.start();
  await rig.run();
  expect(marksAside()).toBe(before);
  rig.clock.advance(98_700);
  expect(rig.upload(2, 1)).toBe(0n);
});

describe('the agent and the end', () => {
  const peers = async () => (await rig.wireguard.peers()).size;

  test('after the end the devices leave WireGuard, and a renewal brings them back at once', async () => {
    await begin(10_000, { grantedBytes: 10n * MB });
    rig.upload(2, 1);
    await rig.beat(10_001);
    expect(rig.upload(2, 1)).toBe(0n);
    // Who renews soon finds the session.
    await rig.run({ full: true });
    expect(await peers()).toBe(1);
    await rig.linger();
    expect(await peers()).toBe(0);
    await endIn(1000);
    expect(await peers()).toBe(1);
    expect(rig.upload(2, 1)).toBe(1000n);
  });

  test('it is woken at the end, without a beat', async () => {
    await begin(10_000);
    rig.clock.advance(4_000);
    expect(rig.reconciler.momentInMs).toBe(6_001);
  });

  test.each([3_600_000, -3_600_000])(
    'steps of the wall clock by %i ms move nothing, with the controller away and over a restart',
    async (step) => {
      rig.inbox.time(rig.clock.now() + 77_000, true);
      await begin(10_000, { grantedBytes: 10n * MB });
      rig.clock.step(step);
      await rig.restart();
      rig.clock.advance(9_998);
      expect(rig.upload(2, 1)).toBe(1000n);
      rig.clock.step(-2 * step);
      await rig.beat(1);
      expect(rig.upload(2, 1)).toBe(1000n);
      await rig.beat(2);
      expect(rig.upload(2, 1)).toBe(0n);
      await rig.restart();
      expect(rig.upload(2, 1)).toBe(0n);
      await rig.linger();
      expect(await peers()).toBe(0);
    },
  );

  test('when the controller’s clock is found to be behind, who was closed too early is let in again', async () => {
    rig.inbox.time(rig.clock.now() + 60_000, true);
    await begin(10_000);
    await rig.beat(20_000);
    expect(rig.upload(2, 1)).toBe(0n);
    rig.inbox.time(rig.clock.now(), true);
    await rig.run({ reading: false });
    expect(rig.upload(2, 1)).toBe(1000n);
  });
});
