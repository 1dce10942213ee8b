import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReportRequestSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { mib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

const hour = 3_600_000;
const day = 24 * hour;
const gb = 1_000_000_000n;
const monthly = { period: 'days', periodDays: 30 } as const;
const slowly = { throttleBitsPerSecond: 1_000_000 };
const tenMegabits = { uploadBitsPerSecond: 10_000_000, downloadBitsPerSecond: 10_000_000 };
let rig: Rig;
let node: TestNode;
let reports: bigint;
beforeEach(async () => {
  rig = await openRig();
  node = await rig.node('a');
  reports = 0n;
});
afterEach(() => rig.books.close());

const total = (deviceId: string, bytes: bigint, period = 1) => ({
  ...{ deviceId, period, uploadBytes: bytes, downloadBytes: 0n },
});
const send = (message: MessageInitShape<typeof ReportRequestSchema>) => {
  reports += 1n;
  return node.send({ ...message, number: reports });
};
const voucherOf = (id: string) => node.subscriptions.get(id)?.voucher ?? new Uint8Array();
const usage = (id: string) => rig.books.catalogue.getUsage(id);
const usedIn = async (id: string, period: number) =>
  (await rig.books.catalogue.getUsage(id, { period })).usedBytes;
const pass = async (ms: number) => {
  rig.clock.pass(ms);
  await rig.sweepPeriods();
};

describe('what a node says beyond a volume', () => {
  it('is not believed by what it was told of an earlier period, when limits were only observed', async () => {
    const id = await rig.subscription({ volumeBytes: 10n * mib, limits: monthly });
    const device = await rig.device(id);
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    await pass(day);
    await rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    await pass(28.5 * day);
    await node.sync();
    const voucher = voucherOf(id);
    await pass(day);
    await node.sync();
    const entry = { subscriptionId: id, period: 2, grantedBytes: node.granted(id), voucher };
    await send({ subscriptions: [entry] });
    await send({ devices: [total(device, 15n * gb, 2)] });
    expect(await usedIn(id, 2)).toBe(10n * mib);
  });

  it('leaves a volume that ends slowly as it is, on however many nodes it is said', async () => {
    const id = await rig.subscription({ volumeBytes: 1000n * gb, limits: slowly });
    const device = await rig.device(id);
    await node.sync();
    const other = await rig.node('b');
    await send({ devices: [total(device, 999n * gb)] });
    await other.report({ [device]: [999n * gb, 0n] });
    const { usedBytes, throttledBytes, remainingBytes } = await usage(id);
    // The clocks' 90 minutes at 2 Mbit/s, and a quarter more, twice.
    expect(throttledBytes / mib).toBe((2n * 1_687_500_000n) / mib);
    expect(remainingBytes).toBe(1000n * gb - (usedBytes - throttledBytes));
    // No more than both were granted.
    expect(remainingBytes).toBeGreaterThan(999n * gb);
  });

  it.each(['releasedBytes', 'writtenOffBytes'])(
    'is not believed of %s where that was used before',
    async (figure) => {
      for (const limits of [{}, { throttleBitsPerSecond: 64_000 }]) {
        const id = await rig.subscription({ volumeBytes: 5n * gb, limits });
        const device = await rig.device(id);
        const entry = () => ({ subscriptionId: id, period: 1, grantedBytes: node.granted(id) });
        await node.sync();
        for (let asked = 0; asked < 40; asked += 1) {
          const wanting = { ...entry(), wanting: true, rate: 10_000_000n };
          await send({ devices: [total(device, node.granted(id))], subscriptions: [wanting] });
        }
        expect(await usage(id)).toMatchObject({ countedBytes: 5n * gb, remainingBytes: 0n });
        await send({ subscriptions: [{ ...entry(), [figure]: 5n * gb }] });
        await rig.books.catalogue.topUp(id, { bytes: gb, reason: 'purchase', reference: id });
        expect(await usage(id)).toMatchObject({ countedBytes: 5n * gb, remainingBytes: gb });
      }
    },
  );

  it('is not believed of what a period left free once the next one took that over', async () => {
    const id = await rig.subscription({ volumeBytes: 100n * mib, limits: { ...monthly, rollover: true } });
    const device = await rig.device(id);
    await node.sync();
    const grantedBytes = node.granted(id);
    await pass(30 * day);
    await node.sync();
    const own = { subscriptionId: id, period: 1, since: 1, over: true };
    await send({ subscriptions: [{ ...own, grantedBytes, releasedBytes: grantedBytes }] });
    await send({ devices: [total(device, 200n * mib, 2)] });
    await send({ devices: [total(device, 100n * mib, 1)] });
    expect([await usedIn(id, 1), await usedIn(id, 2)]).toEqual([0n, 200n * mib]);
  });

  it('takes nothing of a later top-up as written off', async () => {
    const id = await rig.subscription({ volumeBytes: gb, limits: slowly });
    const device = await rig.device(id);
    await node.sync();
    const grantedBytes = node.granted(id);
    await pass(day);
    await send({ devices: [total(device, 10n * gb)] });
    const entry = { subscriptionId: id, period: 1, grantedBytes };
    await send({ subscriptions: [{ ...entry, writtenOffBytes: 10n * gb }] });
    await send({ subscriptions: [{ ...entry, writtenOffBytes: grantedBytes }] });
    await rig.books.catalogue.removeNode('a');
    const { usedBytes, writtenOffBytes, remainingBytes } = await usage(id);
    expect(usedBytes).toBe(10n * gb);
    expect(writtenOffBytes).toBe(grantedBytes);
    // What it was granted at most.
    expect(remainingBytes).toBeGreaterThan(gb - mib);
  });

  it('is believed for a period no longer than it was, and for what it was before the node joined not at all', async () => {
    const id = await rig.subscription({
      volumeBytes: gb,
      limits: { ...slowly, period: 'days', periodDays: 1 },
    });
    const device = await rig.device(id);
    await node.sync();
    for (let days = 0; days < 60; days += 1) await pass(day);
    // A day, and 30 that a node may be away, at 2 Mbit/s: 837 GB with a quarter more, and the clocks' 1.7.
    await send({ devices: [total(device, 850n * gb, 1)] });
    expect((await usedIn(id, 1)) / gb).toBe(838n);
    await pass(12 * hour);
    const late = await rig.node('late');
    await late.sync();
    await late.report({ [device]: [4n * gb, 0n] }, {}, undefined, 61);
    expect((await usedIn(id, 61)) / gb).toBe(1n);
  });
});

describe('what an honest node says beyond a volume is booked', () => {
  it('in the period that it had begun before its start was put off', async () => {
    const id = await rig.subscription({ volumeBytes: null, limits: { ...tenMegabits, ...monthly } });
    const device = await rig.device(id);
    await rig.books.catalogue.addTariff({
      ...{ name: 'longer', volumeBytes: null, period: 'days', periodDays: 60 },
      ...tenMegabits,
    });
    await pass(29.5 * day);
    await node.sync();
    await node.disconnect();
    await pass(hour);
    await rig.books.catalogue.changeTariff(id, { tariff: 'longer' });
    // It turned by itself 11 hours later, and passes 20 Mbit/s.
    await pass(24 * hour);
    const bytes = 2_500_000n * 3_600n * 13n;
    const entry = { subscriptionId: id, period: 2, since: 2 };
    await send({ devices: [total(device, bytes, 2)], subscriptions: [entry] });
    await pass(60 * day);
    expect(await usedIn(id, 2)).toBe(bytes);
  });

  it('in a period that the controller stepped over, as nobody looked for long', async () => {
    const id = await rig.subscription({
      volumeBytes: null,
      limits: { ...tenMegabits, period: 'days', periodDays: 1 },
    });
    const device = await rig.device(id);
    await node.sync();
    await pass(3.2 * day);
    for (const period of [2, 3, 4]) await send({ devices: [total(device, 3n * gb, period)] });
    for (const period of [2, 3, 4]) expect(await usedIn(id, period), `period ${period}`).toBe(3n * gb);
  });

  it('of a period that was over for days on a node that was away', async () => {
    const id = await rig.subscription({
      volumeBytes: null,
      limits: { ...tenMegabits, period: 'days', periodDays: 1 },
    });
    const device = await rig.device(id);
    await node.sync();
    await node.disconnect();
    for (let days = 0; days < 10; days += 1) await pass(day);
    const bytes = 2_500_000n * 86_400n * 10n;
    await send({ devices: [total(device, bytes)] });
    expect(await usedIn(id, 1)).toBe(bytes);
  });

  it('by a controller that was restored and knows only a slower speed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'turnpike-beyond-'));
    const [path, backup] = [join(directory, 'books.db'), join(directory, 'backup.db')];
    const reopen = async (file: string, at: number) => {
      await rig.books.close();
      rig = await openRig({ path: file });
      rig.clock.pass(at - rig.clock.now());
      node = node.with(rig.books);
    };
    try {
      await rig.books.close();
      rig = await openRig({ path });
      node = await rig.node('a');
      const slow = { uploadBitsPerSecond: 1_000_000, downloadBitsPerSecond: 1_000_000 };
      const id = await rig.subscription({ volumeBytes: null, limits: slow });
      const device = await rig.device(id);
      await rig.books.close();
      await copyFile(path, backup);
      await reopen(path, rig.clock.now());
      await node.hello();
      await rig.books.catalogue.setTariff(
        (await rig.books.catalogue.getSubscription(id)).tariff,
        tenMegabits,
      );
      await node.sync();
      expect(node.granted(id)).toBe(0n);
      rig.clock.pass(20 * hour);
      await reopen(backup, rig.clock.now());
      await rig.books.beginTerm();
      const bytes = 2_400_000n * 3_600n * 20n;
      const entry = { subscriptionId: id, period: 1, voucher: voucherOf(id) };
      await send({ term: 1, devices: [total(device, bytes)], subscriptions: [entry] });
      expect(await usedIn(id, 1)).toBe(bytes);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
