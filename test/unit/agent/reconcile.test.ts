import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { allowancePerDevice } from '../../../common/allowance.ts';
import { device, Rig, subscription, subscriptionId } from './rig.ts';

let directory: string;
let rig: Rig;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-loop-'));
  rig = new Rig(directory);
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const MB = 1_000_000n;
const grant = (bytes: bigint, change = {}) => ({
  subscriptions: [subscription(1, { grantedBytes: bytes, ...change })],
});

describe('devices', () => {
  test('a device that is added passes on its allowance at once', async () => {
    expect(await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] })).toEqual([]);
    expect((await rig.wireguard.peers()).size).toBe(1);
    expect(rig.upload(2, 10)).toBe(10_000n);
  });

  test('what is desired is in force again after a restart without a controller', async () => {
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
    rig.gate.flush();
    rig.wireguard.lose();
    rig.wireguard.missing = false;
    await rig.restart();
    expect((await rig.wireguard.peers()).size).toBe(1);
    expect((await rig.gate.observe()).counted.size).toBe(2);
  });

  test('a removed device is closed at once, its last bytes are booked, then its elements go', async () => {
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
    rig.upload(2, 10);
    const at = rig.gate.applied.length;
    await rig.say({ removedDeviceIds: [device(2).id] });
    expect(rig.upload(2, 1)).toBe(0n);
    expect((await rig.wireguard.peers()).size).toBe(0);
    expect(rig.used()).toBe(10_000n);
    expect((await rig.gate.observe()).counted.size).toBe(0);
    const kinds = rig.gate.applied.slice(at).map((changes) => new Set(changes.map(({ kind }) => kind)));
    expect(kinds).toEqual([new Set(['expel']), new Set(['forget', 'hear'])]);
  });

  test('the gate is closed before the peer goes: nothing is counted that WireGuard no longer delivers', async () => {
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
    const remove = rig.wireguard.remove.bind(rig.wireguard);
    let carried: boolean | undefined;
    rig.wireguard.remove = async (keys) => {
      carried = rig.gate.carry('download', device(2).address4, 100n);
      await remove(keys);
    };
    await rig.say({ removedDeviceIds: [device(2).id] });
    expect(carried).toBe(false);
  });

  test.each([
    ['another key', device(3).publicKey],
    ['the same key', device(2).publicKey],
  ])(
    'an address goes to another device, with %s, only after the first one’s bytes are booked',
    async (_, publicKey) => {
      await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
      rig.upload(2, 10);
      const { address4, address6 } = device(2);
      const heir = device(3, { address4, address6, publicKey });
      await rig.say({ removedDeviceIds: [device(2).id], devices: [heir] });
      const { meters } = rig.journal.state;
      expect(meters.get(device(2).id)?.upload).toBe(10_000n);
      expect(meters.get(heir.id)?.upload).toBe(0n);
      expect((await rig.wireguard.peers()).get(heir.publicKey)).toHaveLength(2);
    },
  );

  test('a closed device stays in WireGuard, a withdrawn one for a while only; both keep their counters', async () => {
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2), device(3)] });
    const closed = device(2, { access: 'closed' });
    const withdrawn = device(3, { access: 'withdrawn' });
    await rig.say({ devices: [closed, withdrawn] });
    const peers = async () => [...(await rig.wireguard.peers()).keys()];
    expect(rig.upload(2, 1) + rig.upload(3, 1)).toBe(0n);
    rig.clock.advance(599_999);
    await rig.run({ full: true });
    // Whose session is still there if it is resumed.
    expect(await peers()).toEqual([closed.publicKey, withdrawn.publicKey]);
    rig.clock.advance(1);
    await rig.run({ full: true });
    expect(await peers()).toEqual([closed.publicKey]);
    expect(rig.upload(2, 1) + rig.upload(3, 1)).toBe(0n);
    expect((await rig.gate.observe()).counted.size).toBe(4);
  });

  test('a new key replaces the old one and leaves the counters', async () => {
    await rig.say({ subscriptions: [subscription(1)], devices: [device(2)] });
    const rekeyed = device(2, { publicKey: device(9).publicKey });
    await rig.say({ devices: [rekeyed] });
    expect([...(await rig.wireguard.peers()).keys()]).toEqual([rekeyed.publicKey]);
    expect(rig.upload(2, 1)).toBe(1000n);
  });

  test('items that cannot stand beside the others are refused, and stop nobody', async () => {
    await rig.say({ subscriptions: [subscription(1, { grantedBytes: MB })], devices: [device(2)] });
    const sameAddress = device(3, { address4: device(2).address4 });
    const sameKey = device(4, { publicKey: device(2).publicKey });
    const refused = await rig.say({ devices: [sameAddress, sameKey, device(5)] });
    expect(refused).toEqual([sameAddress.id, sameKey.id]);
    expect(rig.upload(5, 1)).toBe(1000n);
  });
});

test('a device that comes with another subscription stays with its own, and the agent comes to rest', async () => {
  const throttle = { uploadBitsPerSecond: 8_000n, downloadBitsPerSecond: 8_000n, scope: 'device' } as const;
  const own = subscription(1, { grantedBytes: 0n, allowance: false });
  const other = subscription(2, { grantedBytes: 0n, allowance: false, throttle });
  const moved = device(2, { subscriptionId: other.id });
  await rig.say({ subscriptions: [own, other], devices: [device(2), moved] });
  await rig.beat();
  expect(rig.upload(2, 1)).toBe(0n);
  expect(rig.journal.state.devices.get(moved.id)?.subscriptionId).toBe(own.id);
});

test('the voucher of the highest grant goes back with each report, also after a restart, of a period that is over and of one that begins', async () => {
  const vouched = (bytes: bigint, voucher: string) =>
    grant(bytes, { voucher: Buffer.from(voucher).toString('base64') });
  await rig.say({ ...vouched(10n * MB, 'high'), devices: [device(2)] });
  // From a controller that was restored.
  await rig.say(vouched(1n * MB, 'low'));
  await rig.restart();
  rig.upload(2, 10);
  const said = await rig.said();
  expect(Buffer.from(said?.voucher ?? []).toString()).toBe('high');
  await rig.say(grant(1n * MB, { period: 2, voucher: Buffer.from('next').toString('base64') }));
  await rig.beat(5000);
  const report = rig.report();
  const over = report?.subscriptions.find(({ period }) => period === 1);
  expect(Buffer.from(over?.voucher ?? []).toString()).toBe('high');
  const begun = report?.subscriptions.find(({ period }) => period === 2);
  expect(Buffer.from(begun?.voucher ?? []).toString()).toBe('next');
});

test('the latest voucher of the highest grant goes back, also where what is vouched for is another speed', async () => {
  const vouched = (voucher: string) =>
    grant(0n, { metering: 'unlimited', voucher: Buffer.from(voucher).toString('base64') });
  await rig.say({ ...vouched('slow'), devices: [device(2)] });
  await rig.say(vouched('fast'));
  await rig.restart();
  rig.upload(2, 10);
  const said = await rig.said();
  expect(Buffer.from(said?.voucher ?? []).toString()).toBe('fast');
});

describe('grants', () => {
  beforeEach(() => rig.say({ subscriptions: [subscription(1)], devices: [device(2)] }));

  test('exactly what was granted passes, and it is asked for more in between', async () => {
    let passed = rig.upload(2, 50);
    await rig.beat();
    expect(rig.report()?.subscriptions[0]).toMatchObject({ wanting: true });
    await rig.say(grant(2n * MB));
    for (let rounds = 0; rounds < 6; rounds += 1) {
      passed += rig.upload(2, 10_000);
      await rig.beat();
    }
    expect(passed).toBe(2n * MB);
    expect(rig.used()).toBe(2n * MB);
    expect(rig.account()).toMatchObject({ writtenOff: 0n, armed: 2n * MB });
  });

  test('a grant that comes is armed without waiting for a reading', async () => {
    rig.upload(2, 1000);
    await rig.beat();
    const readings = rig.telemetry.readings;
    await rig.say(grant(2n * MB));
    expect(rig.telemetry.readings).toBe(readings);
    expect(rig.upload(2, 10)).toBe(10_000n);
  });

  test('a grant that was not enough is asked for again', async () => {
    rig.upload(2, 1000);
    await rig.beat();
    expect(rig.report()?.subscriptions[0]?.wanting).toBe(true);
    await rig.beat();
    expect(rig.report()?.subscriptions[0]?.wanting).toBeUndefined();
    await rig.say(grant(262_144n + 65_536n));
    expect(rig.report()?.subscriptions[0]).toMatchObject({ wanting: true, grantedBytes: 327_680n });
  });

  test('all devices of a subscription share its grant', async () => {
    await rig.say({ ...grant(3n * MB), devices: [device(3)] });
    rig.upload(2, 10);
    await rig.beat();
    let passed = 10_000n;
    for (let rounds = 0; rounds < 6; rounds += 1) {
      passed += rig.upload(2, 700) + rig.upload(3, 10_000);
      await rig.beat();
    }
    expect(passed).toBe(3n * MB);
  });

  test('a recall at rest gives back all, after closing and reading', async () => {
    await rig.say(grant(5n * MB));
    rig.upload(2, 100);
    await rig.beat();
    rig.upload(2, 100);
    await rig.beat(6000);
    await rig.beat(6000);
    await rig.say(grant(5n * MB, { recall: 1, allowance: false }));
    expect(rig.upload(2, 1)).toBe(0n);
    expect(await rig.said()).toMatchObject({ recall: 1, releasedBytes: 5n * MB - rig.used() });
  });

  test('a subscription that was taken away gives back all', async () => {
    rig.upload(2, 10);
    await rig.say({ removedDeviceIds: [device(2).id], removedSubscriptionIds: [subscriptionId(1)] });
    await rig.beat();
    expect(rig.account().released).toBe(allowancePerDevice - 10_000n);
  });

  test('nothing passes on grants when the controller was silent for too long', async () => {
    await rig.say(grant(50n * MB));
    rig.upload(2, 10);
    await rig.beat();
    await rig.beat(86_399_000);
    expect(rig.upload(2, 1)).toBe(0n);
    rig.inbox.heard(true);
    await rig.run();
    await rig.beat();
    expect(rig.upload(2, 1)).toBe(1000n);
  });

  test('grants go on past their first end while the controller is heard', async () => {
    await rig.say(grant(50n * MB));
    rig.upload(2, 10);
    for (let hours = 0; hours < 60; hours += 1) {
      await rig.beat(3_600_000);
      rig.inbox.heard(true);
      expect(rig.upload(2, 1)).toBe(1000n);
    }
  });

  test('unlimited passes and is counted; back in metering, nothing passes that was not granted', async () => {
    await rig.say(grant(262_144n, { metering: 'unlimited' }));
    expect(rig.upload(2, 5000)).toBe(5n * MB);
    await rig.say(grant(262_144n));
    expect(rig.upload(2, 1)).toBe(0n);
    expect(rig.used()).toBe(5n * MB);
    await rig.say(grant(6n * MB));
    let passed = 0n;
    for (let rounds = 0; rounds < 5; rounds += 1) {
      passed += rig.upload(2, 5000);
      await rig.beat();
    }
    expect(passed).toBe(MB);
  });
});

describe('when counters are destroyed', () => {
  beforeEach(() => rig.say({ ...grant(10n * MB), devices: [device(2)] }));

  test('a flush opens a new epoch, and what may have passed unread is written off', async () => {
    let passed = rig.upload(2, 100);
    await rig.beat();
    passed += rig.upload(2, 100);
    await rig.beat();
    const before = rig.account().armed - rig.used();
    passed += rig.upload(2, 50);
    rig.gate.flush();
    await rig.run();
    expect(rig.account().writtenOff).toBe(before);
    expect(rig.journal.state.epochs).toBe(2);
    for (let rounds = 0; rounds < 30; rounds += 1) {
      passed += rig.upload(2, 5000);
      await rig.beat();
    }
    expect(passed).toBeLessThanOrEqual(10n * MB);
    expect(rig.used() + rig.account().writtenOff).toBeGreaterThan(10n * MB - 1000n);
  });

  test('elements that somebody deletes are made anew, and only that subscription is written off', async () => {
    await rig.say({
      subscriptions: [subscription(2, { grantedBytes: MB })],
      devices: [device(3, { subscriptionId: subscriptionId(2) })],
    });
    rig.upload(2, 10);
    await rig.beat();
    rig.gate.forget(device(2).address4);
    expect(rig.upload(2, 1)).toBe(0n);
    await rig.run();
    expect(rig.upload(2, 1)).toBe(1000n);
    expect(rig.account(1).writtenOff).toBeGreaterThan(0n);
    expect(rig.account(2).writtenOff).toBe(0n);
    expect(rig.journal.state.epochs).toBe(1);
  });
});

describe('drift', () => {
  beforeEach(() => rig.say({ ...grant(10n * MB), devices: [device(2)] }));

  test('a peer that somebody removed or added is put right', async () => {
    await rig.wireguard.remove([device(2).publicKey]);
    await rig.wireguard.upsert([{ publicKey: device(9).publicKey, presharedKey: undefined, addresses: [] }]);
    await rig.run({ full: true });
    expect([...(await rig.wireguard.peers()).keys()]).toEqual([device(2).publicKey]);
    expect(rig.telemetry.driftRepaired).toBe(2);
    await rig.run({ full: true });
    expect(rig.telemetry.driftRepaired).toBe(2);
  });

  test('a door that somebody opened is closed', async () => {
    await rig.say({ devices: [device(3, { access: 'closed' })] });
    const { devices, quotas, limits } = rig.memory.gate;
    const closed = devices.get(device(3).id);
    if (!closed) throw new Error('not in the gate');
    const open = { ...closed, pass: { kind: 'unlimited' as const } };
    await rig.gate.apply(
      { devices, quotas, limits },
      { devices: new Map(devices).set(device(3).id, open), quotas, limits },
      9,
    );
    expect(rig.upload(3, 1)).toBe(1000n);
    await rig.run({ full: true });
    expect(rig.upload(3, 1)).toBe(0n);
    expect(rig.telemetry.driftRepaired).toBe(1);
    expect(rig.account().writtenOff).toBe(0n);
  });
});

describe('failures', () => {
  test('a change that fails is done by the next round', async () => {
    rig.gate.failNext = new Error('nft is out of sorts');
    await expect(rig.say({ subscriptions: [subscription(1)], devices: [device(2)] })).rejects.toThrow();
    await rig.run();
    expect(rig.upload(2, 1)).toBe(1000n);
    expect(rig.account().armed - rig.used()).toBeLessThanOrEqual(allowancePerDevice);
    expect(rig.account().writtenOff).toBe(0n);
  });
});

describe('a restart of the agent', () => {
  test('adopts the gate as it is: nothing is applied, no byte is lost, none written off', async () => {
    await rig.say({ ...grant(10n * MB), devices: [device(2)] });
    rig.upload(2, 10);
    await rig.beat();
    await rig.beat();
    const applied = rig.gate.applied.length;
    rig.journal.close();
    const whileDead = rig.upload(2, 20);
    rig.start();
    await rig.run();
    expect(whileDead).toBe(20_000n);
    expect(rig.used()).toBe(30_000n);
    expect(rig.account().writtenOff).toBe(0n);
    // But the grant's time is renewed.
    const changes = rig.gate.applied
      .slice(applied)
      .flat()
      .map(({ kind }) => kind);
    expect(new Set(changes)).toEqual(new Set(['expel', 'admit']));
  });
});
