import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { ReportRequestSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { mib, openRig } from '../../test/unit/books/rig.ts';
import type { Books } from '../books/books.ts';
import type { NodeIdentity } from '../south/ports.ts';
import { readVoucher, signVoucher } from './voucher.ts';

const key = new Uint8Array(32).fill(1);
const place = { nodeId: 'nod_0000000000000001', incarnation: 1, subscriptionId: 'sub_0000000000000001' };
const vouched = {
  period: 3,
  granted: 2n ** 63n - 1n,
  beyondRate: 250_000n,
  nextGranted: 7n,
  nextBeyondRate: 9n,
};

it('a voucher says what was signed, to its place alone', () => {
  const voucher = signVoucher(key, place, vouched);
  expect(voucher.length).toBeLessThanOrEqual(64);
  expect(readVoucher(key, place, voucher)).toEqual(vouched);
  for (const other of [
    { ...place, nodeId: 'nod_0000000000000002' },
    { ...place, incarnation: 2 },
    { ...place, subscriptionId: 'sub_0000000000000002' },
  ]) {
    expect(readVoucher(key, other, voucher)).toBeUndefined();
  }
  expect(readVoucher(new Uint8Array(32), place, voucher)).toBeUndefined();
  expect(readVoucher(key, place, voucher.subarray(1))).toBeUndefined();
  for (let n = 0; n < voucher.length; n += 1) {
    const forged = voucher.map((byte, at) => (at === n ? byte ^ 1 : byte));
    expect(readVoucher(key, place, forged)).toBeUndefined();
  }
});

const report = (
  books: Books,
  identity: NodeIdentity,
  message: MessageInitShape<typeof ReportRequestSchema>,
) => {
  const whole = create(ReportRequestSchema, message);
  return books.booking.book(identity, whole, toBinary(ReportRequestSchema, whole));
};

it('a controller from an older backup believes a forgotten grant by its voucher, and without one none', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-voucher-'));
  const [path, backup] = [join(directory, 'books.db'), join(directory, 'backup.db')];
  try {
    let rig = await openRig({ path });
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    await rig.device(subscription);
    await node.sync();
    await rig.books.close();
    await copyFile(path, backup);
    rig = await openRig({ path });
    const asks = {
      subscriptionId: subscription,
      period: 1,
      grantedBytes: node.granted(subscription),
      wanting: true,
    };
    await report(rig.books, node.identity, { number: 1n, subscriptions: [{ ...asks, rate: 100n * mib }] });
    const told = (await rig.books.desired.since(node.identity, 0n)).deltas
      .flatMap(({ subscriptions }) => subscriptions)
      .find(({ id }) => id === subscription);
    await rig.books.close();
    const granted = told?.grantedBytes ?? 0n;
    expect(granted).toBeGreaterThan(10n * mib);

    rig = await openRig({ path: backup });
    const held = async () => {
      const { deltas } = await rig.books.desired.since(node.identity, 0n);
      return deltas.flatMap(({ subscriptions }) => subscriptions)[0]?.grantedBytes;
    };
    const says = { subscriptionId: subscription, period: 1, grantedBytes: granted };
    await report(rig.books, node.identity, { number: 1n, subscriptions: [says] });
    expect(await held()).toBeLessThan(granted);
    const voucher = told?.voucher ?? new Uint8Array();
    await report(rig.books, node.identity, { number: 2n, subscriptions: [{ ...says, voucher }] });
    expect(await held()).toBe(granted);
    await rig.books.close();
  } finally {
    await rm(directory, { recursive: true });
  }
});
