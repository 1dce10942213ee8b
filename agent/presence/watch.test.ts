import { expect, test } from 'vitest';
import type { Clock } from '../../common/clock.ts';
import { silentLogger } from '../../common/log.ts';
import type { DesiredDevice } from '../desired/state.ts';
import type { DevicePresence } from '../south/ports.ts';
import { FakeWireGuard } from '../wireguard/fake.ts';
import { absent } from './judge.ts';
import { Presence } from './presence.ts';
import { observeTraffic, type Traffic } from './traffic.ts';

const publicKey = Buffer.alloc(32, 4).toString('base64');
const otherKey = Buffer.alloc(32, 5).toString('base64');
const device: DesiredDevice = {
  ...{ id: 'dev_1', revision: 1n, subscriptionId: 'sub_1', publicKey, presharedKey: undefined },
  ...{ address4: '10.64.0.2', address6: 'fd00::2', access: 'open' },
};

/** As told of it with its first key. */
const shared: DevicePresence = { ...absent('dev_1'), deviceRevision: 1n, connected: true, shared: true };

async function setUp() {
  const wireguard = new FakeWireGuard();
  await wireguard.upsert([{ publicKey, presharedKey: undefined, addresses: ['10.64.0.2', 'fd00::2'] }]);
  let now = 0;
  let connected: () => void = () => undefined;
  const sent: (readonly DevicePresence[])[] = [];
  const knocked: string[] = [];
  const traffic = new Map<string, Traffic>();
  const risen = new Set<string>();
  let desired = device;
  const trouble = { count: 0 };
  const clock = { now: () => 1_000_000 + now, monotonic: () => now } as Clock;
  const presence = new Presence({
    ...{ wireguard, clock, log: silentLogger },
    sender: {
      send: (devices) => void sent.push(devices),
      onConnected: (listener) => {
        connected = listener;
      },
    },
    devices: () => [desired],
    ...{ traffic, risen, readAt: () => now },
    peers: () => new Map([[desired.publicKey, true]]),
    onKnock: (ids) => void knocked.push(...ids),
    onLook: () => undefined,
    onTrouble: () => {
      trouble.count += 1;
    },
  });
  const look = () => {
    now += 2000;
    return presence.look();
  };
  const set = (access: DesiredDevice['access']) => {
    desired = { ...desired, access, revision: desired.revision + 1n };
  };
  const rekey = async () => {
    const [addresses] = (await wireguard.peers()).values();
    await wireguard.remove([desired.publicKey]);
    desired = { ...desired, publicKey: otherKey, revision: desired.revision + 1n };
    await wireguard.upsert([{ publicKey: otherKey, presharedKey: undefined, addresses: addresses ?? [] }]);
  };
  /** Heard at one place and the other, in turn. */
  const wander = async (times: number) => {
    for (let turn = 0; turn < times; turn += 1) {
      wireguard.act(desired.publicKey, { place: turn % 2 === 0 ? 'a' : 'b', latestHandshake: 1000 });
      await look();
    }
  };
  return {
    ...{ wireguard, presence, sent, knocked, trouble, look, traffic, risen, rekey, wander },
    close: () => set('closed'),
    open: () => set('open'),
    reconnect: () => connected(),
    pass: (bytes: bigint) => {
      traffic.set(
        device.id,
        observeTraffic(traffic.get(device.id), { upload: bytes, download: 0n }, now, 1000),
      );
      risen.add(device.id);
      presence.tellRisen();
    },
  };
}

test('only what changed is sent, and everything at each new connection', async () => {
  const { wireguard, sent, look, reconnect } = await setUp();
  await look();
  expect(sent).toEqual([]);
  wireguard.act(publicKey, { latestHandshake: 1000 });
  await look();
  await look();
  expect(sent).toEqual([[{ ...absent('dev_1'), deviceRevision: 1n, connected: true }]]);
  reconnect();
  expect(sent[1]).toEqual(sent[0]);
});

test('a device that sends while the gate accepts nothing knocks', async () => {
  const { wireguard, knocked, look } = await setUp();
  await look();
  expect(knocked).toEqual([]);
  wireguard.act(publicKey, { received: 2000n });
  await look();
  expect(knocked).toEqual(['dev_1']);
});

test('a peer that is missing for two looks is trouble', async () => {
  const { wireguard, trouble, look } = await setUp();
  await look();
  await wireguard.remove([publicKey]);
  await look();
  expect(trouble.count).toBe(0);
  await look();
  expect(trouble.count).toBe(1);
});

test('who begins to pass is told at once, without a look', async () => {
  const { sent, look, pass } = await setUp();
  await look();
  pass(2000n);
  expect(sent.flat()).toMatchObject([{ connected: true, passing: true, active: true }]);
});

test('a device that is closed is not active any more, and begins from nothing once it is open', async () => {
  const { sent, look, pass, close, traffic } = await setUp();
  await look();
  pass(2000n);
  close();
  await look();
  expect(sent.at(-1)).toEqual([{ ...absent('dev_1'), deviceRevision: 2n }]);
  expect(traffic.size).toBe(0);
});

test('a key that comes from two places in turn is told as shared', async () => {
  const { sent, wander } = await setUp();
  await wander(30);
  expect(sent.at(-1)).toEqual([shared]);
});

test('a shared key stays so while its device is closed and once it is open again, until its time is over', async () => {
  const { sent, look, reconnect, wander, close, open } = await setUp();
  await wander(30);
  const told = sent.length;
  close();
  await look();
  open();
  await look();
  // Nothing was to be told, though the device has other revisions meanwhile.
  expect(sent.length).toBe(told);
  reconnect();
  expect(sent.at(-1)).toEqual([{ ...shared, deviceRevision: 3n }]);
  close();
  for (let count = 0; count < 300; count += 1) await look();
  expect(sent.at(-1)?.[0]?.shared).toBe(false);
});

test('where a closed device is heard is no evidence, nor where it was heard before', async () => {
  const { sent, look, wander, close, open } = await setUp();
  await wander(20);
  close();
  await wander(30);
  open();
  await wander(20);
  close();
  await look();
  open();
  await wander(9);
  expect(sent.flat().some((one) => one.shared)).toBe(false);
});

test('a new key is not shared, and nothing of the old one counts against it', async () => {
  const { wireguard, sent, look, wander, rekey, close } = await setUp();
  await wander(30);
  await rekey();
  await look();
  expect(sent.at(-1)?.[0]).toMatchObject({ shared: false, deviceRevision: 2n });
  const told = sent.length;
  for (const place of ['a', 'b', 'a']) {
    wireguard.act(otherKey, { place, latestHandshake: 1060 });
    await look();
  }
  close();
  await look();
  expect(sent.slice(told).flat()).not.toContainEqual(expect.objectContaining({ shared: true }));
});

test('who passes with a new key before the next look is told with what was seen of the old one, and its revision', async () => {
  const { sent, wander, rekey, pass } = await setUp();
  await wander(30);
  await rekey();
  pass(2000n);
  expect(sent.at(-1)?.[0]).toMatchObject({ active: true, shared: true, deviceRevision: 1n });
});
