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
const device: DesiredDevice = {
  ...{ id: 'dev_1', revision: 1n, subscriptionId: 'sub_1', publicKey, presharedKey: undefined },
  ...{ address4: '10.64.0.2', address6: 'fd00::2', access: 'open' },
};

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
    peers: () => new Map([[publicKey, true]]),
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
  const close = () => {
    desired = { ...device, access: 'closed' };
  };
  return {
    ...{ wireguard, presence, sent, knocked, trouble, look, close, traffic, risen },
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
  expect(sent).toEqual([[{ ...absent('dev_1'), connected: true }]]);
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
  expect(sent).toEqual([[{ ...absent('dev_1'), connected: true, passing: true, active: true }]]);
});

test('a device that is closed is not active any more, and begins from nothing once it is open', async () => {
  const { sent, look, pass, close, traffic } = await setUp();
  await look();
  pass(2000n);
  close();
  await look();
  expect(sent.at(-1)).toEqual([absent('dev_1')]);
  expect(traffic.size).toBe(0);
});

test('a key that comes from two places in turn is told as shared', async () => {
  const { wireguard, sent, look } = await setUp();
  for (let turn = 0; turn < 30; turn += 1) {
    wireguard.act(publicKey, { place: turn % 2 === 0 ? 'a' : 'b', latestHandshake: 1000 });
    await look();
  }
  expect(sent.at(-1)).toEqual([{ ...absent('dev_1'), connected: true, shared: true }]);
});
