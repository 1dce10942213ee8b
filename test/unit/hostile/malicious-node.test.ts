import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppliedSchema, ErasedSchema, PresenceSchema } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { NodeStandIn } from '../controller/node-stand-in.ts';
import { type RunningController, startController } from '../controller/rig.ts';
import { Cleanup, until } from '../south/rig.ts';
import { MaliciousNode, reportBytes } from './malicious-node.ts';

// A node that was taken over, against the whole controller: real TLS, real books.
const cleanup = new Cleanup();
const honest = new NodeStandIn();
let controller: RunningController;
let evil: MaliciousNode;
/** On both nodes; and on a node of another group. */
let subscription: string;
let device: string;
let foreign: { subscription: string; device: string };

const json = (...argv: string[]) => controller.turnpike.json(...argv);
const joinCommand = async (name: string, ...more: string[]): Promise<string> =>
  (await json('node', 'add', name, '--endpoint', `${name}.example.net:51820`, ...more)).joinCommand;
const usage = (id: string) => json('usage', id);
const total = (n: bigint) => ({ deviceId: device, period: 1, uploadBytes: n, downloadBytes: 0n });
const entry = { period: 1, rate: 1_000_000_000n };

async function sell(account: string, tariff: string) {
  await json('account', 'add', account);
  const { id } = await json('subscription', 'create', '--account', account, '--tariff', tariff);
  const made = await json('device', 'add', id);
  return { subscription: String(id), device: String(made.device.id) };
}

beforeAll(async () => {
  controller = await startController();
  await json('group', 'add', 'elsewhere');
  await json('tariff', 'add', 'here', '--volume', '100MB');
  await json('tariff', 'add', 'there', '--volume', '100MB', '--group', 'elsewhere', '--max-connections', '1');
  await honest.start(await joinCommand('honest'));
  const agentVersion = '\u001b[2Jowned';
  evil = await MaliciousNode.join(cleanup, await joinCommand('evil'), { agentVersion });
  ({ subscription, device } = await sell('customer', 'here'));
  foreign = await sell('other', 'there');
  await until(() => expect(evil.devices.has(device)).toBe(true));
  await until(() => expect(honest.devices.has(device)).toBe(true));
});

afterAll(async () => {
  await cleanup.run();
  await honest.stop();
  await controller.stop();
});

describe('a malicious node', () => {
  it('sees the devices of its own group alone, whatever it asks for', async () => {
    expect([...evil.devices.keys()]).toEqual([device]);
    expect([...evil.subscriptions.keys()]).toEqual([subscription]);
  });

  it('cannot bill what is on other nodes only', async () => {
    const strange = { deviceId: foreign.device, period: 1, uploadBytes: 5_000n, downloadBytes: 5_000n };
    const claim = {
      ...entry,
      subscriptionId: foreign.subscription,
      grantedBytes: 50_000n,
      releasedBytes: 9n,
    };
    await evil.report({ devices: [strange], subscriptions: [claim] });
    expect(await usage(foreign.subscription)).toMatchObject({ usedBytes: '0' });
  });

  it('cannot reserve a volume by saying that it was granted it', async () => {
    const claim = { ...entry, subscriptionId: subscription, grantedBytes: 90_000_000n };
    const voucher = evil.subscriptions.get(subscription)?.voucher ?? new Uint8Array();
    const forged = Uint8Array.from(voucher, (byte, n) => (n === 5 ? byte ^ 1 : byte));
    await evil.report({ subscriptions: [claim] });
    await evil.report({ subscriptions: [{ ...claim, voucher: forged }] });
    const shown = (await usage(subscription)).nodes ?? [];
    expect(JSON.stringify(shown)).not.toContain('90000000');
    // A quarter of all, as always with two nodes at work, and not of the 10 MB that would be left.
    const before = honest.subscriptions.get(subscription)?.grantedBytes ?? 0n;
    await honest.report({
      devices: [],
      subscriptions: [{ ...entry, subscriptionId: subscription, grantedBytes: before, wanting: true }],
    });
    await until(() =>
      expect(honest.subscriptions.get(subscription)?.grantedBytes ?? 0n).toBeGreaterThan(20_000_000n),
    );
  });

  it('cannot take the books beyond the volume, nor give back what it was not granted', async () => {
    const sold = await sell('careful', 'here');
    await until(() => expect(evil.devices.has(sold.device)).toBe(true));
    const claim = { ...entry, subscriptionId: sold.subscription, grantedBytes: 0n };
    await evil.report({ subscriptions: [{ ...claim, releasedBytes: 2n ** 62n }] });
    await evil.report({ subscriptions: [{ ...claim, writtenOffBytes: 2n ** 62n }] });
    expect(await usage(sold.subscription)).toMatchObject({ usedBytes: '0', writtenOffBytes: '0' });
    await evil.report({ devices: [{ ...total(990_000_000n), deviceId: sold.device }] });
    await evil.report({ devices: [{ ...total(2n ** 50n), deviceId: sold.device }] });
    const { usedBytes, remainingBytes } = await usage(sold.subscription);
    expect(BigInt(usedBytes)).toBeGreaterThan(0n);
    expect(BigInt(usedBytes) + BigInt(remainingBytes)).toBe(100_000_000n);
  });

  it.each([
    ['throttles', ['--volume', '100MB', '--throttle', '4Mbit'], 100_000_000n],
    ['is unlimited', ['--unlimited', '--upload', '4Mbit', '--download', '4Mbit'], 0n],
  ])(
    'cannot bill more than its speed can have carried where the tariff %s',
    async (_what, limits, volume) => {
      const tariff = `speed-${volume}`;
      await json('tariff', 'add', tariff, ...limits);
      const sold = await sell(tariff, tariff);
      await until(() => expect(evil.devices.has(sold.device)).toBe(true));
      const claim = (n: bigint) =>
        evil.report({ devices: [{ ...total(n), deviceId: sold.device }], subscriptions: [] });
      // The clocks' 90 minutes at 8 Mbit/s are 6.75 GB with the quarter more.
      const used = async () => BigInt((await usage(sold.subscription)).usedBytes);
      await claim(volume + 4_000_000_000n);
      expect(await used()).toBe(volume + 4_000_000_000n);
      // What was believed once does not make room for more.
      await claim(volume + 20_000_000_000n);
      expect(await used()).toBeGreaterThanOrEqual(6_750_000_000n);
      expect(await used()).toBeLessThan(volume + 7_000_000_000n);
    },
  );

  it('cannot shrink what it reported', async () => {
    await evil.report({ devices: [total(1_000n)] });
    await evil.report({ devices: [total(400n)] });
    expect(await usage(subscription)).toMatchObject({ usedBytes: '1000' });
  });

  it('cannot take seats with the devices of others, or say when they were seen', async () => {
    const presence = { deviceId: foreign.device, connected: true, active: true, passing: true, shared: true };
    evil.say({ case: 'presence', value: create(PresenceSchema, { devices: [presence] }) });
    await evil.report({});
    const shown = await json('device', 'show', foreign.device);
    expect(shown.lastSeenDay ?? null).toBeNull();
    expect(JSON.stringify(shown)).not.toContain('"connected":true');
  });

  it('makes no terminal obey by what it says of itself or of what it refuses', async () => {
    const refusals = Array.from({ length: 2_000 }, () => ({
      id: device,
      reason: `\u001b[31m${'x'.repeat(999)}`,
    }));
    evil.say({ case: 'applied', value: create(AppliedSchema, { revision: 1n, refusals }) });
    await evil.report({});
    for (const argv of [
      ['node', 'list'],
      ['node', 'show', 'evil'],
      ['explain', device],
    ]) {
      const text = await controller.turnpike.text(...argv);
      expect(text).not.toMatch(/\p{Cc}(?<!\n)/u);
      expect(text.length).toBeLessThan(5_000);
    }
  });

  it.each<[string, () => Parameters<typeof reportBytes>[0]]>([
    ['figures that no device can have passed', () => ({ number: 900n, devices: [total(2n ** 60n)] })],
    [
      'a recall that was never sent',
      () => ({ number: 900n, subscriptions: [{ ...entry, recall: 2 ** 32 - 1 }] }),
    ],
    ['more entries than a node has', () => ({ number: 900n, devices: Array(60_001).fill(total(1n)) })],
  ])('is refused a report with %s', async (_what, report) => {
    const stream = evil.raw.report().listen().send(reportBytes(report()));
    expect((await stream.ended).code).toBe(status.INVALID_ARGUMENT);
    expect(await usage(subscription)).toMatchObject({ usedBytes: '1000' });
  });

  it('may name as many periods as entries', async () => {
    const devices = Array.from({ length: 60_000 }, (_, index) => ({ ...total(5n), period: index + 2 }));
    const other = await MaliciousNode.join(cleanup, await joinCommand('evil-periods'));
    await other.report({ devices });
    expect(await usage(subscription)).toMatchObject({ usedBytes: '1000' });
  });

  it.each([
    ["a WireGuard key that is nobody's", { wireguardPublicKey: new Uint8Array(32) }],
    ['a revision that no restore explains', { revision: 2n ** 50n }],
  ])('is refused with %s', async (what, hello) => {
    const name = `evil-${what.length}`;
    const { sync } = await MaliciousNode.join(cleanup, await joinCommand(name), hello);
    expect((await sync.ended).code).toBe(status.INVALID_ARGUMENT);
  });

  it.each([
    { case: 'erased', value: create(ErasedSchema, { revision: 2n ** 63n }) },
    { case: 'applied', value: create(AppliedSchema, { revision: 2n ** 64n - 1n }) },
  ] as const)('is refused when it has $case what no revision names', async (message) => {
    const name = `evil-${message.case}`;
    const other = await MaliciousNode.join(cleanup, await joinCommand(name));
    other.say(message);
    expect((await other.sync.ended).code).toBe(status.INVALID_ARGUMENT);
    expect(JSON.stringify(await json('node', 'show', name))).not.toContain(String(2n ** 64n - 1n));
  });

  it('is not told whose the WireGuard key is that it took from somebody', async () => {
    const there = await json('device', 'show', foreign.device);
    const wireguardPublicKey = Buffer.from(there.publicKey, 'base64');
    const { sync } = await MaliciousNode.join(cleanup, await joinCommand('evil-key'), { wireguardPublicKey });
    const { code, details } = await sync.ended;
    expect(code).toBe(status.ABORTED);
    expect(details).toContain("is somebody else's already");
    expect(details).not.toMatch(/dev_|nod_/);
  });

  it('is refused a message of more than 4 MiB', async () => {
    const stream = evil.raw
      .report()
      .listen()
      .send(new Uint8Array((4 << 20) + 1));
    expect((await stream.ended).code).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('keeps nobody else waiting when it floods its streams', async () => {
    const stream = evil.raw.report().listen();
    const flood = reportBytes({ number: 10n, devices: Array(20_000).fill(total(1_000n)) });
    for (let count = 0; count < 200; count += 1) stream.send(flood);
    for (let count = 0; count < 5_000; count += 1) evil.say({ case: undefined });
    await honest.report({ devices: [{ ...total(7n) }], subscriptions: [] });
    expect(await usage(subscription)).toMatchObject({ usedBytes: '1007' });
    expect(stream.received.length).toBeLessThan(200);
    stream.call.cancel();
  });

  it('is quarantined when it uses a report number again', async () => {
    const stream = evil.raw
      .report()
      .listen()
      .send(reportBytes({ number: 10n, devices: [total(1_001n)] }));
    expect([status.ABORTED, status.UNAUTHENTICATED]).toContain((await stream.ended).code);
    const again = evil.raw.sync().listen();
    expect((await again.ended).code).toBe(status.UNAUTHENTICATED);
    expect(await usage(subscription)).toMatchObject({ usedBytes: '1007' });
  });
});
