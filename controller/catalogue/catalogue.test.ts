import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair, publicKeyOf } from '../../common/wireguard-key.ts';
import { gib, openRig, type Rig } from '../../test/unit/books/rig.ts';
import { cursorOf } from './cursor.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;

describe('names and references', () => {
  it.each([
    ['a node', () => catalogue().addNode({ name: 'a;rm -rf /', endpoint: 'a:1' })],
    ['a tariff', () => catalogue().addTariff({ name: '../x', volumeBytes: 1n })],
    ['a group', () => catalogue().addGroup({ name: '' })],
    ['an id as a name', () => catalogue().addGroup({ name: 'grp_0123456789abcdef' })],
    ['a reference with a line break', () => catalogue().addAccount({ reference: 'a\nb' })],
    ['a reference with an escape', () => catalogue().addAccount({ reference: 'a\u001b[2J' })],
    ['a reference that turns the text around', () => catalogue().addAccount({ reference: 'a\u202eb' })],
    ['a reference without end', () => catalogue().addAccount({ reference: 'x'.repeat(129) })],
    ['an id as a reference', () => catalogue().addAccount({ reference: 'acc_0123456789abcdef' })],
    ['an endpoint without port', () => catalogue().addNode({ name: 'a', endpoint: 'example.net' })],
    ['an endpoint with port 0', () => catalogue().addNode({ name: 'a', endpoint: 'example.net:0' })],
    ['an unspecified DNS server', () => catalogue().addGroup({ name: 'g', dns: ['0.0.0.0'] })],
    ['an octal range', () => catalogue().addGroup({ name: 'g', allowedIps: ['010.0.0.0/8'] })],
    ['a loopback range', () => catalogue().addGroup({ name: 'g', allowedIps: ['127.0.0.0/8'] })],
    ['no address', () => catalogue().addNode({ name: 'n', endpoint: '999.1.1.1:51820' })],
    ['a DNS server by name', () => catalogue().addGroup({ name: 'g', dns: ['dns.example.net'] })],
    [
      'a DNS server with a line break',
      () => catalogue().addGroup({ name: 'g', dns: ['1.1.1.1\nPostUp = x'] }),
    ],
    ['allowed IPs that are none', () => catalogue().addGroup({ name: 'g', allowedIps: ['0.0.0.0'] })],
    ['an MTU too small for IPv6', () => catalogue().addGroup({ name: 'g', mtu: 1279 })],
    ['a volume of nothing', () => catalogue().addTariff({ name: 't', volumeBytes: 0n })],
    ['a volume below nothing', () => catalogue().addTariff({ name: 't', volumeBytes: -1n })],
    ['half a device', () => catalogue().addTariff({ name: 't', volumeBytes: null, maxDevices: 0.5 })],
  ])('refuse %s, in one printable line', async (_, call) => {
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid' });
    expect((error as Error).message).toMatch(/^[\p{L}\p{N}\p{P}\p{S} ]+$/u);
  });

  it('are taken once', async () => {
    await catalogue().addAccount({ reference: 'Zoë 4711' });
    await expect(catalogue().addAccount({ reference: 'Zoe\u0308 4711' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await catalogue().addGroup({ name: 'g' });
    await expect(catalogue().addGroup({ name: 'g' })).rejects.toMatchObject({ code: 'conflict' });
    await catalogue().addTariff({ name: 't', volumeBytes: 1n });
    await expect(catalogue().addTariff({ name: 't', volumeBytes: 1n })).rejects.toMatchObject({
      code: 'conflict',
    });
    await catalogue().addNode({ name: 'n', endpoint: 'n:1' });
    await expect(catalogue().addNode({ name: 'n', endpoint: 'n:1' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await catalogue().removeNode('n');
    await catalogue().addNode({ name: 'n', endpoint: 'n:1' });
  });

  it('that are not there are named in the error', async () => {
    await expect(catalogue().getTariff('gold')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(/"gold"/),
    });
    await expect(catalogue().getSubscription('sub_0000000000000000')).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(catalogue().getSubscription('1; DROP TABLE fleet')).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a subscription', () => {
  it('has the volume that its tariff sells, in its first period', async () => {
    const id = await rig.subscription({ volumeBytes: 50n * gib });
    expect(await catalogue().getSubscription(id)).toMatchObject({
      volumeBytes: 50n * gib,
      usedBytes: 0n,
      remainingBytes: 50n * gib,
      period: 1,
      periodEndsAt: null,
      adjustments: [],
      access: { state: 'open' },
    });
  });

  it('is topped up once for each reference', async () => {
    const id = await rig.subscription({ volumeBytes: gib });
    await catalogue().topUp(id, { bytes: gib, reason: 'paid', reference: 'invoice 1' });
    await catalogue().topUp(id, { bytes: gib, reason: 'paid', reference: 'invoice 1' });
    await catalogue().topUp(id, { bytes: gib, reason: 'paid', reference: 'invoice 2' });
    const { volumeBytes, adjustments } = await catalogue().getSubscription(id);
    expect(volumeBytes).toBe(3n * gib);
    expect(adjustments.map(({ bytes }) => bytes)).toEqual([gib, gib]);
  });

  it('is not topped up with nothing, with more than can be counted, or when it is unlimited', async () => {
    const id = await rig.subscription({ volumeBytes: gib });
    const paid = { reason: 'paid', reference: 'x' };
    await expect(catalogue().topUp(id, { bytes: 0n, ...paid })).rejects.toMatchObject({ code: 'invalid' });
    await expect(catalogue().topUp(id, { bytes: 2n ** 63n - 1n, ...paid })).rejects.toMatchObject({
      code: 'invalid',
    });
    const unlimited = await rig.subscription({ volumeBytes: null });
    await expect(catalogue().topUp(unlimited, { bytes: 1n, ...paid })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect((await catalogue().getSubscription(id)).volumeBytes).toBe(gib);
  });

  it('says since when and why it is suspended, and what mends it', async () => {
    const id = await rig.subscription();
    const since = rig.clock.now();
    const { access } = await catalogue().suspend(id, { reason: 'unpaid' });
    expect(access).toMatchObject({
      state: 'closed',
      reasons: [
        {
          code: 'suspension',
          text: expect.stringMatching(/unpaid/),
          since,
          mend: `turnpike subscription resume ${id}`,
        },
      ],
    });
    await expect(catalogue().suspend(id, { reason: 'again' })).rejects.toMatchObject({ code: 'conflict' });
    expect((await catalogue().resume(id)).access.state).toBe('open');
    await expect(catalogue().resume(id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('comes in the order of creation, page by page', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) {
      ids.push(await rig.subscription());
      rig.clock.pass(1);
    }
    const list = async (page: object) => (await catalogue().listSubscriptions(page)).map(({ id }) => id);
    const second = await catalogue().getSubscription(ids[1] ?? '');
    expect(await list({})).toEqual(ids);
    expect(await list({ limit: 2 })).toEqual(ids.slice(0, 2));
    expect(await list({ limit: 2, after: cursorOf('subscriptions', second) })).toEqual(ids.slice(2, 4));
    expect(await list({ account: 'customer 3' })).toEqual([ids[2]]);
  });
});

describe('a device', () => {
  it('gets the lowest free addresses after the node, and a key pair that is shown once', async () => {
    const subscription = await rig.subscription();
    const { device, privateKey } = await catalogue().addDevice({
      subscription,
      label: 'phone',
      platform: 'ios',
    });
    expect(device).toMatchObject({
      address4: '10.64.0.2',
      address6: 'fd74:7572:6e70::2',
      label: 'phone',
      platform: 'ios',
    });
    expect(publicKeyOf(privateKey ?? '')).toBe(device.publicKey);
    expect(Object.values(await catalogue().getDevice(device.id))).not.toContain(privateKey);
    expect((await catalogue().addDevice({ subscription })).device.address4).toBe('10.64.0.3');
  });

  it('keeps its slot, addresses and totals when it gets new keys', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const before = await catalogue().getDevice(device);
    await node.report({ [device]: [7n, 0n] });
    const { publicKey } = generateWireguardKeyPair();
    const { device: after, privateKey } = await catalogue().rekeyDevice(device, { publicKey });
    expect(after).toMatchObject({
      publicKey,
      address4: before.address4,
      address6: before.address6,
      uploadBytes: 7n,
    });
    expect(privateKey).toBeUndefined();
  });

  it('is refused with a key that another device or a node has, or that is no key', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const { publicKey } = await catalogue().getDevice(await rig.device(subscription));
    const add = (key: string) => catalogue().addDevice({ subscription, publicKey: key });
    await expect(add(publicKey ?? '')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/device dev_/),
    });
    await expect(add(Buffer.from(node.key).toString('base64'))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/node a/),
    });
    await expect(add('AAAA')).rejects.toMatchObject({ code: 'invalid' });
    await expect(add(Buffer.alloc(32).toString('base64'))).rejects.toMatchObject({ code: 'invalid' });
    expect(await catalogue().listDevices({ subscription })).toHaveLength(1);
  });

  it('beyond what the tariff allows is refused, with the limit and the count', async () => {
    const subscription = await rig.subscription({ maxDevices: 2 });
    const first = await rig.device(subscription);
    await rig.device(subscription);
    await expect(rig.device(subscription)).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringMatching(/has 2 devices, and its tariff "tariff-1" allows 2/),
    });
    await catalogue().removeDevice(first);
    await rig.device(subscription);
  });

  it('that was removed is closed for good, and its key is free at once', async () => {
    const subscription = await rig.subscription();
    const id = await rig.device(subscription);
    const { publicKey } = await catalogue().getDevice(id);
    const since = rig.clock.now();
    const removed = await catalogue().removeDevice(id);
    expect(removed).toMatchObject({
      publicKey: null,
      removedAt: since,
      access: { state: 'closed', reasons: [{ code: 'removed', since, mend: null }] },
    });
    expect(await catalogue().listDevices()).toEqual([]);
    await expect(catalogue().removeDevice(id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(catalogue().rekeyDevice(id, {})).rejects.toMatchObject({ code: 'conflict' });
    await catalogue().addDevice({ subscription, publicKey: publicKey ?? '' });
  });

  it('leaves its addresses resting for a day before another one gets them', async () => {
    const subscription = await rig.subscription();
    const first = await rig.device(subscription);
    await rig.device(subscription);
    await catalogue().removeDevice(first);
    const address = async () => (await catalogue().addDevice({ subscription })).device.address4;
    expect(await address()).toBe('10.64.0.4');
    rig.clock.pass(24 * 3600_000);
    expect(await address()).toBe('10.64.0.2');
    expect(await address()).toBe('10.64.0.5');
  });

  it('is refused when the address range is used up, and nothing of it is left', async () => {
    await rig.books.close();
    rig = await openRig({ range4: '10.0.0.0/29' });
    const subscription = await rig.subscription();
    expect((await catalogue().getStatus()).addressesFree).toBe(5);
    const devices = [];
    for (let n = 0; n < 5; n++) devices.push(await rig.device(subscription));
    expect((await catalogue().getDevice(devices[4] ?? '')).address4).toBe('10.0.0.6');
    await expect(rig.device(subscription)).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringMatching(/10\.0\.0\.0\/29/),
    });
    await catalogue().removeDevice(devices[0] ?? '');
    await expect(rig.device(subscription)).rejects.toMatchObject({
      remedy: expect.stringMatching(/wait until 2026-11-23T12/),
    });
    expect(await catalogue().getStatus()).toMatchObject({ devices: 4, addressesFree: 0 });
  });

  it('has what a client needs for each node of its group whose key is known', async () => {
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await rig.node('a', { connected: false });
    await expect(catalogue().getClientSettings(device, 'a')).rejects.toMatchObject({ code: 'conflict' });
    const node = await rig.node('b');
    await catalogue().setGroup('default', { dns: ['10.64.0.1', 'fd74:7572:6e70::1'], keepaliveSeconds: 0 });
    const client = await catalogue().getClientSettings(device, 'b');
    expect(client).toMatchObject({
      device: { address4: '10.64.0.2', address6: 'fd74:7572:6e70::2' },
      node: {
        name: 'b',
        publicKey: Buffer.from(node.key).toString('base64'),
        endpoint: 'b.example.net:51820',
      },
      settings: {
        dns: ['10.64.0.1', 'fd74:7572:6e70::1'],
        mtu: 1420,
        allowedIps: ['0.0.0.0/0', '::/0'],
        keepaliveSeconds: 0,
      },
    });
    await catalogue().addGroup({ name: 'far' });
    await rig.node('c', { group: 'far' });
    await expect(catalogue().getClientSettings(device, 'c')).rejects.toThrow('not in group');
  });
});

describe('a node', () => {
  it('that says Hello with the key of a device or of another node is refused, and not told whose it is', async () => {
    const a = await rig.node('a');
    const subscription = await rig.subscription();
    const b = await rig.node('b', { connected: false });
    const { publicKey } = await catalogue().getDevice(await rig.device(subscription));
    b.key.set(a.key);
    await expect(b.hello()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/node b is somebody else's/),
    });
    b.key.set(Buffer.from(publicKey ?? '', 'base64'));
    await expect(b.hello()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.not.stringMatching(/dev_/),
    });
  });

  it('shows whether it is connected, what it has in force, and what it refused', async () => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    await node.sync();
    await rig.books.register.applied(node.identity, node.revision, [{ id: device, reason: 'no room' }]);
    expect(await catalogue().getNode('a')).toMatchObject({
      connected: true,
      state: 'enrolled',
      incarnation: 1,
      appliedRevision: node.revision,
      refusals: [{ id: device, reason: 'no room' }],
      driver: 'userspace',
      ipv6: true,
    });
    await node.disconnect();
    expect(await catalogue().getNode('a')).toMatchObject({
      connected: false,
      lastContactAt: rig.clock.now(),
    });
  });
});

describe('enforcement', () => {
  it("is the tariff's word before the group's before the fleet's", async () => {
    const id = await rig.subscription();
    const enforcement = async () => (await catalogue().getSubscription(id)).enforcement;
    expect(await enforcement()).toBe('enforce');
    await catalogue().setEnforcement({ enforcement: 'observe' });
    expect(await enforcement()).toBe('observe');
    await catalogue().setEnforcement({ enforcement: 'enforce', group: 'default' });
    expect(await enforcement()).toBe('enforce');
    await catalogue().setEnforcement({ enforcement: 'observe', tariff: 'tariff-1' });
    expect(await enforcement()).toBe('observe');
    await catalogue().setEnforcement({ enforcement: 'inherit', tariff: 'tariff-1' });
    await catalogue().setGroup('default', { enforcement: 'inherit' });
    expect(await enforcement()).toBe('observe');
    await expect(catalogue().setEnforcement({ enforcement: 'inherit' })).rejects.toMatchObject({
      code: 'invalid',
    });
  });
});

it('a page after what is no item of that list is refused, because an empty one would look like its end', async () => {
  for (const list of ['listNodes', 'listAccounts', 'listDevices'] as const) {
    await expect(catalogue()[list]({ limit: 2, after: 'nonsense' })).rejects.toMatchObject({
      code: 'invalid',
    });
  }
});
