import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { publicKeyOf } from '../../../common/wireguard-key.ts';
import { NodeStandIn } from './node-stand-in.ts';
import { type RunningController, startController } from './rig.ts';
import type { Turnpike } from './turnpike.ts';

const volume = 10_000_000n;
const patience = { timeout: 10_000, interval: 50 };

/** An operator's day, with the real CLI on a real controller; each step stands on those before it. */
describe('from the first account to the last removal', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let turnpike: Turnpike;
  const node = new NodeStandIn();
  let subscription: string;
  let device: string;
  let privateKey: string;
  let used = 0n;

  beforeAll(async () => {
    controller = await startController({ cliAsProcess: true });
    ({ turnpike } = controller);
  });

  afterAll(async () => {
    await node.stop();
    await controller.stop();
  });

  /** The node's clients send all that may still pass there; the node says that it wants more. */
  async function useAllThatIsGranted(): Promise<bigint> {
    used = node.subscriptions.get(subscription)?.grantedBytes ?? 0n;
    await node.report({
      devices: [{ deviceId: device, period: 1, uploadBytes: used / 4n, downloadBytes: used - used / 4n }],
      subscriptions: [
        { subscriptionId: subscription, period: 1, grantedBytes: used, wanting: true, rate: 1_000_000n },
      ],
    });
    return used;
  }

  it('sells a volume', async () => {
    expect(await turnpike.text('account', 'add', 'customer-17')).toMatch(/^account customer-17 added/);
    expect(await turnpike.text('tariff', 'add', 'small', '--volume', '10MB', '--max-devices', '2')).toBe(
      'tariff small added: 10.00 MB',
    );
    const created = await turnpike.json(
      'subscription',
      'create',
      '--account',
      'customer-17',
      '--tariff',
      'small',
    );
    subscription = created.id;
    expect(created).toMatchObject({
      accountReference: 'customer-17',
      volumeBytes: String(volume),
      usedBytes: '0',
      remainingBytes: String(volume),
      access: { state: 'open', reasons: [] },
    });
    expect(await turnpike.text('account', 'show', 'customer-17')).toContain(subscription);
  });

  it('adds a device, whose private key is shown once', async () => {
    const added = await turnpike.json('device', 'add', subscription, '--label', 'phone', '--platform', 'ios');
    device = added.device.id;
    privateKey = added.privateKey;
    expect(publicKeyOf(privateKey)).toBe(added.device.publicKey);
    expect(added.device).toMatchObject({ address4: '10.64.0.2', label: 'phone', platform: 'ios' });
    expect(await turnpike.text('--json', 'device', 'show', device)).not.toContain(privateKey);
    expect(await turnpike.text('device', 'list', '--subscription', subscription)).toContain('phone');
  });

  it('adds a node, and has no configuration for it until it was heard of', async () => {
    const ticket = await turnpike.json('node', 'add', 'fra-1', '--endpoint', 'fra-1.example.net:51820');
    expect(ticket.joinCommand).toContain(`127.0.0.1:${controller.ports.enrolment}`);
    expect(await turnpike.refused('device', 'config', device, '--node', 'fra-1')).toContain('fra-1');
    await node.start(ticket.joinCommand);
    await vi.waitFor(() => expect(node.devices.get(device)?.access).toBe('open'), patience);
    await vi.waitFor(async () => {
      expect(await turnpike.json('node', 'show', 'fra-1')).toMatchObject({
        state: 'enrolled',
        connected: true,
      });
    }, patience);
    const again = await turnpike.run('node', 'token', 'fra-1');
    expect(again).toMatchObject({ code: 0, out: expect.stringContaining('turnpike-agent join') });
  });

  it("makes the device's configuration, with the private key put in on this side", async () => {
    const file = join(controller.directory, 'phone.key');
    await writeFile(file, privateKey, { mode: 0o600 });
    const text = await turnpike.text(
      'device',
      'config',
      device,
      '--node',
      'fra-1',
      '--private-key-file',
      file,
    );
    expect(text).toContain(`PrivateKey = ${privateKey}\n`);
    expect(text).toContain(`PublicKey = ${node.keys.publicKey}\n`);
    expect(text).toContain('Endpoint = fra-1.example.net:51820\n');
    expect(text).toMatch(/^Address = 10\.64\.0\.2\/32, fd74:7572:6e70::2\/128$/m);
    const qr = ['device', 'config', device, '--node', 'fra-1', '--private-key-file', file, '--qr'];
    expect(await turnpike.text(...qr)).toMatch(/[█▀▄]{5}/);
  });

  it('bills what the node reports, and closes when the volume is used up', async () => {
    await vi.waitFor(async () => expect(await useAllThatIsGranted()).toBe(volume), patience);
    const usage = await turnpike.json('usage', subscription);
    expect(usage).toMatchObject({ usedBytes: String(volume), remainingBytes: '0' });
    expect(BigInt(usage.uploadBytes) + BigInt(usage.downloadBytes)).toBe(volume);
    expect(usage.devices).toMatchObject([{ id: device, name: 'phone' }]);
    expect(usage.nodes).toMatchObject([{ name: 'fra-1' }]);
    expect(await turnpike.text('usage', subscription)).toContain('10.00 MB');
    const explained = await turnpike.text('explain', subscription);
    expect(explained).toContain('closed: volume');
    expect(await turnpike.text('explain', device)).toContain('closed: volume');
  });

  it('opens again with a top-up, which is booked once', async () => {
    const topUp = ['subscription', 'top-up', subscription, '5MB', '--reason', 'paid', '--reference', 'INV-1'];
    const said = await turnpike.text(...topUp);
    expect(said).toMatch(new RegExp(`^5\\.00 MB added to ${subscription} with the reference \\S+ at `));
    expect(await turnpike.text(...topUp)).toBe(said);
    expect(await turnpike.json('subscription', 'show', subscription)).toMatchObject({
      volumeBytes: '15000000',
      remainingBytes: '5000000',
      access: { state: 'open' },
    });
    const granted = () => node.subscriptions.get(subscription)?.grantedBytes ?? 0n;
    await vi.waitFor(() => expect(granted()).toBeGreaterThan(volume), patience);
  });

  it('suspends and resumes', async () => {
    expect(await turnpike.text('subscription', 'suspend', subscription, '--reason', 'unpaid')).toContain(
      'closed',
    );
    await vi.waitFor(() => expect(node.devices.get(device)?.access).toBe('withdrawn'), patience);
    expect(await turnpike.text('explain', device)).toContain('suspension');
    expect(await turnpike.text('subscription', 'resume', subscription)).toBe(`${subscription} is open`);
    await vi.waitFor(() => expect(node.devices.get(device)?.access).toBe('open'), patience);
  });

  it('observes instead of enforcing, and back', async () => {
    expect(await turnpike.text('enforcement', 'observe', '--tariff', 'small')).toBe('tariff small: observe');
    await vi.waitFor(
      () => expect(node.subscriptions.get(subscription)?.metering).toBe('unlimited'),
      patience,
    );
    expect(await turnpike.text('enforcement', 'inherit', '--tariff', 'small')).toBe('tariff small: inherit');
    await vi.waitFor(() => expect(node.subscriptions.get(subscription)?.metering).toBe('granted'), patience);
    await turnpike.text('enforcement', 'observe');
    expect(await turnpike.text('status')).toMatch(/enforcement\s+observe/);
    await turnpike.text('enforcement', 'enforce');
  });

  it('tells clients what the group says', async () => {
    await turnpike.text('group', 'set', 'default', '--dns', '10.64.0.1', '--mtu', '1380', '--keepalive', '0');
    const text = await turnpike.text('device', 'config', device, '--node', 'fra-1');
    expect(text).toContain('DNS = 10.64.0.1\nMTU = 1380\n');
    expect(text).not.toContain('PersistentKeepalive');
    await turnpike.text('group', 'add', 'eu', '--allowed-ips', '10.0.0.0/8');
    expect(await turnpike.text('group', 'list')).toMatch(/eu .*10\.0\.0\.0\/8/);
  });

  it('gives a device other keys, at the same addresses', async () => {
    const rekeyed = await turnpike.json('device', 'rekey', device);
    expect(rekeyed.device).toMatchObject({ id: device, address4: '10.64.0.2' });
    expect(rekeyed.privateKey).not.toBe(privateKey);
    const { publicKey } = rekeyed.device;
    await vi.waitFor(() => expect(node.devices.get(device)?.publicKey).toBe(publicKey), patience);
  });

  it('shows the fleet, and the same to Prometheus', async () => {
    expect(await turnpike.json('status')).toMatchObject({ accounts: 1, subscriptions: 1, devices: 1 });
    const base = `http://127.0.0.1:${controller.ports.metrics}`;
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).toMatch(/^turnpike_nodes_connected 1$/m);
    expect(metrics).toMatch(/^turnpike_settled_bytes_total 10000000$/m);
    for (const secret of [subscription, device, 'customer-17', privateKey])
      expect(metrics).not.toContain(secret);
  });

  it('removes a device and a node', async () => {
    await turnpike.text('device', 'remove', device);
    await vi.waitFor(() => expect(node.devices.has(device)).toBe(false), patience);
    expect(await turnpike.text('device', 'list')).not.toContain(device);
    expect((await turnpike.json('usage', subscription)).usedBytes).toBe(String(volume));
    await turnpike.text('node', 'remove', 'fra-1');
    await vi.waitFor(() => expect(node.state()).toBe('revoked'), patience);
    expect(await turnpike.refused('node', 'show', 'fra-1')).toContain('fra-1');
  });
});
