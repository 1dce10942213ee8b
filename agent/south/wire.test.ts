import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import {
  DeltaSchema,
  DeviceAccess,
  DeviceSchema,
  Metering,
  Seat,
  SettingsSchema,
  SubscriptionSchema,
} from '../../common/gen/turnpike/v1/sync_pb.ts';
import { newId } from '../../common/ids.ts';
import { parseDelta, parseSettings } from './wire.ts';

const settings = {
  listenPort: 51820,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  mtu: 1420,
  validitySeconds: 86_400,
  seatPatienceSeconds: 60,
};
const parsedSettings = parseSettings(create(SettingsSchema, settings));

const device = {
  id: newId('dev'),
  revision: 4n,
  subscriptionId: newId('sub'),
  publicKey: new Uint8Array(32).fill(1),
  presharedKey: new Uint8Array(32).fill(2),
  address4: '10.64.3.4',
  address6: 'FD74:7572:6E70:0:0::0A',
  access: DeviceAccess.CLOSED,
  seat: Seat.FREE,
};
const subscription = {
  id: newId('sub'),
  revision: 5n,
  metering: Metering.GRANTED,
  grantedBytes: 1n << 40n,
  allowance: true,
  recall: 3,
  period: 2,
  nextGrantedBytes: 7n,
};

it('a device comes out with keys as wg writes them and addresses as nft prints them', () => {
  const delta = create(DeltaSchema, { devices: [device] });
  expect(parseDelta(delta, parsedSettings)).toEqual({
    refusals: [],
    delta: {
      removedDeviceIds: [],
      removedSubscriptionIds: [],
      erasedSubscriptionIds: [],
      subscriptions: [],
      devices: [
        {
          id: device.id,
          revision: 4n,
          subscriptionId: device.subscriptionId,
          publicKey: Buffer.alloc(32, 1).toString('base64'),
          presharedKey: Buffer.alloc(32, 2).toString('base64'),
          address4: '10.64.3.4',
          address6: 'fd74:7572:6e70::a',
          access: 'closed',
          seat: 'free',
        },
      ],
    },
  });
});

it('a subscription comes out as it is', () => {
  const delta = create(DeltaSchema, { subscriptions: [subscription] });
  expect(parseDelta(delta, parsedSettings).delta.subscriptions).toEqual([
    { ...subscription, metering: 'granted' },
  ]);
});

it('times come out where there are any', () => {
  const times = { periodEndsAtMs: 1_800_000_000_000n, endsAtMs: 1_900_000_000_000n };
  const delta = create(DeltaSchema, { subscriptions: [{ ...subscription, ...times }] });
  expect(parseDelta(delta, parsedSettings).delta.subscriptions).toEqual([
    {
      ...{ ...subscription, metering: 'granted' },
      ...{ periodEndsAt: 1_800_000_000_000, endsAt: 1_900_000_000_000 },
    },
  ]);
});

it('speeds come out where there is a limit', () => {
  const speed = { uploadBitsPerSecond: 0n, downloadBitsPerSecond: 10_000_000n, shared: true };
  const throttle = { uploadBitsPerSecond: 64_000n, downloadBitsPerSecond: 128_000n, shared: false };
  const delta = create(DeltaSchema, { subscriptions: [{ ...subscription, speed, throttle }] });
  expect(parseDelta(delta, parsedSettings).delta.subscriptions).toEqual([
    {
      ...subscription,
      metering: 'granted',
      speed: { downloadBitsPerSecond: 10_000_000n, scope: 'subscription' },
      throttle: { uploadBitsPerSecond: 64_000n, downloadBitsPerSecond: 128_000n, scope: 'device' },
    },
  ]);
});

it.each([
  ['an id with a shell in it', { id: 'dev_$(reboot)' }],
  ["a subscription's id", { id: newId('sub') }],
  ['no subscription', { subscriptionId: '' }],
  ['a short key', { publicKey: new Uint8Array(31) }],
  ['no key', { publicKey: new Uint8Array() }],
  ['a long preshared key', { presharedKey: new Uint8Array(33) }],
  ['an address outside the range', { address4: '10.65.0.1' }],
  ['an IPv6 address outside the range', { address6: 'fd74:7572:6e70:1::a' }],
  ["the node's own address", { address4: '10.64.0.1' }],
  ["the node's own IPv6 address", { address6: 'fd74:7572:6e70:0::1' }],
  ['an address in hexadecimal', { address4: '0x0a400304' }],
  ['an address of three parts', { address4: '10.64.772' }],
  ['an address with a rule behind it', { address4: '10.64.3.4; flush ruleset' }],
  ['an address with a zone', { address6: 'fd74:7572:6e70::a%eth0' }],
  ['IPv4 for IPv6', { address6: '10.64.3.4' }],
  ['no access', { access: DeviceAccess.UNSPECIFIED }],
  ['an access of a later version', { access: 99 as DeviceAccess }],
  ['no word of its seat', { seat: Seat.UNSPECIFIED }],
  ['a revision that no journal can hold', { revision: 1n << 63n }],
])('a device with %s is refused, and the others are taken', (_what, change) => {
  const bad = { ...device, ...change };
  const good = { ...device, id: newId('dev') };
  const devices = [bad, good].map((each) => create(DeviceSchema, each));
  const { delta, refusals } = parseDelta(create(DeltaSchema, { devices }), parsedSettings);
  expect(refusals.map(({ id }) => id)).toEqual([bad.id]);
  expect(delta.devices.map(({ id }) => id)).toEqual([good.id]);
});

it.each([
  ['no metering', { metering: Metering.UNSPECIFIED }],
  ['more than 2^63 - 1 bytes', { grantedBytes: 1n << 63n }],
  ['more than that for the next period', { nextGrantedBytes: 1n << 63n }],
  ['no period', { period: 0 }],
  ['an end beyond the calendar', { endsAtMs: 1n << 60n }],
  ["a device's id", { id: newId('dev') }],
  ['a revision that no journal can hold', { revision: 1n << 63n }],
])('a subscription with %s is refused', (_what, change) => {
  const subscriptions = [create(SubscriptionSchema, { ...subscription, ...change })];
  const { delta, refusals } = parseDelta(create(DeltaSchema, { subscriptions }), parsedSettings);
  expect(delta.subscriptions).toEqual([]);
  expect(refusals).toHaveLength(1);
});

it('refusals do not repeat keys', () => {
  const devices = [create(DeviceSchema, { ...device, publicKey: Buffer.from('secret') })];
  const { refusals } = parseDelta(create(DeltaSchema, { devices }), parsedSettings);
  expect(JSON.stringify(refusals)).not.toMatch(/secret|c2VjcmV0/);
});

it.each([
  ['no port', { listenPort: 0 }],
  ['a port beyond 65535', { listenPort: 65_536 }],
  ['an MTU too small for IPv6', { mtu: 1279 }],
  ['no validity', { validitySeconds: 0 }],
  ['no IPv4 range', { range4: '' }],
  ['the whole internet for a range', { range4: '0.0.0.0/0' }],
  ['all of IPv6 for a range', { range6: '::/0' }],
  ['an IPv6 range for IPv4', { range4: 'fd74::/64' }],
  ['a range without prefix length', { range6: 'fd74::' }],
  ['an own address outside the range', { address4: '192.0.2.1' }],
])('settings with %s are refused', (_what, change) => {
  expect(() => parseSettings(create(SettingsSchema, { ...settings, ...change }))).toThrow(
    'the controller sent',
  );
});
