import { expect, test } from 'vitest';
import type { Clock } from '../../common/clock.ts';
import { silentLogger } from '../../common/log.ts';
import type { DesiredDevice } from '../desired/state.ts';
import type { DevicePresence } from '../south/ports.ts';
import { FakeWireGuard } from '../wireguard/fake.ts';
import { Presence } from './presence.ts';

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
    devices: () => [device],
    passedAt: () => undefined,
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
  return { wireguard, presence, sent, knocked, trouble, look, reconnect: () => connected() };
}

test('only what changed is sent, and everything at each new connection', async () => {
  const { wireguard, sent, look, reconnect } = await setUp();
  await look();
  expect(sent).toEqual([]);
  wireguard.act(publicKey, { latestHandshake: 1000 });
  await look();
  await look();
  expect(sent).toEqual([[{ deviceId: 'dev_1', connected: true, passing: false, refused: false }]]);
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
