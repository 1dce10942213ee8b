/**
 * How other systems of this kind lost bytes, billed them twice or cut customers off, each as a rule that holds here: real
 * books, real agents, a kernel in memory. Those that need the real thing are in test/scenarios; docs/reliability.md lists
 * all of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TurnpikeError } from '../../../common/errors.ts';
import type { Device } from '../../../controller/catalogue/views.ts';
import type { Booking } from '../../../controller/south/ports.ts';
import { gib, mib, openRig, type Rig } from '../books/rig.ts';
import { ServedNode } from './served-node.ts';

let rig: Rig;
let folder: string;
let subscription: string;
let device: Device;

beforeEach(async () => {
  rig = await openRig();
  folder = mkdtempSync(join(tmpdir(), 'turnpike-histories-'));
});
afterEach(async () => {
  await rig.books.close();
  rmSync(folder, { recursive: true, force: true });
});

const node = (name: string) => ServedNode.enrol(rig, name, mkdtempSync(join(folder, name)));
const usage = () => rig.books.catalogue.getUsage(subscription);
const access = async () => (await rig.books.catalogue.getSubscription(subscription)).access.state;

async function sell(volumeBytes: bigint): Promise<void> {
  subscription = await rig.subscription({ volumeBytes });
  device = await rig.books.catalogue.getDevice(await rig.device(subscription));
}

/** A customer on one node who has a grant already; gives what passed for it. */
async function customerAtEase(served: ServedNode): Promise<bigint> {
  await served.hear();
  let passed = 0n;
  for (let count = 0; count < 5; count += 1) {
    passed += served.carry(device, 100);
    await served.settle();
  }
  return passed;
}

const cannotWrite: Booking['book'] = () =>
  Promise.reject(new TurnpikeError('environment', 'the disk of the database is full'));

test('ten hours of a database that cannot be written lose no byte, and nobody is cut off', async () => {
  const served = await node('a');
  await sell(10n * gib);
  let passed = await customerAtEase(served);
  for (let minutes = 0; minutes < 600; minutes += 5) {
    const carried = served.carry(device, 20);
    expect(carried).toBe(20_000n);
    passed += carried;
    rig.clock.pass(300_000);
    await served.agent.beat(300_000);
    await expect(served.report(cannotWrite)).rejects.toThrow(/full/);
    await served.hear();
    if (minutes % 200 === 195) await served.agent.restart();
  }
  await served.settle();
  expect(await usage()).toMatchObject({ usedBytes: passed, writtenOffBytes: 0n });
  expect(await access()).toBe('open');
});

test('a report whose answer is lost, three hundred times over, is billed once and cuts nobody off', async () => {
  const served = await node('a');
  await sell(1n * gib);
  let passed = await customerAtEase(served);
  const answerLost: Booking['book'] = async (...report) => {
    await rig.books.booking.book(...report);
    throw new TurnpikeError('unavailable', 'the connection broke');
  };
  for (let time = 0; time < 300; time += 1) {
    passed += served.carry(device, 10);
    await served.agent.beat(1000);
    await served.report(answerLost).catch(() => undefined);
    if (time % 100 === 99) await served.agent.restart();
  }
  await served.settle();
  expect(await usage()).toMatchObject({ usedBytes: passed, remainingBytes: 1n * gib - passed });
  expect(await access()).toBe('open');
});

test.each([
  ['agent', async (served: ServedNode) => served.agent.restart()],
  [
    'machine',
    async (served: ServedNode) => {
      served.agent.gate.flush();
      served.agent.gate.bootId = '00000000-0000-4000-8000-000000000002';
      await served.agent.restart();
    },
  ],
])('a node whose %s restarts again and again bills on from where it was', async (what, restart) => {
  const served = await node('a');
  await sell(1n * gib);
  let passed = await customerAtEase(served);
  for (let time = 0; time < 10; time += 1) {
    passed += served.carry(device, 50);
    await restart(served);
    await served.settle();
  }
  const { usedBytes, writtenOffBytes } = await usage();
  expect(usedBytes).toBeLessThanOrEqual(passed);
  expect(usedBytes + writtenOffBytes).toBeGreaterThanOrEqual(passed);
  if (what === 'agent')
    expect({ usedBytes, writtenOffBytes }).toEqual({ usedBytes: passed, writtenOffBytes: 0n });
  expect(await access()).toBe('open');
});

test('a peer that is taken out and put back, with a new key as well, keeps its bill', async () => {
  const served = await node('a');
  await sell(1n * gib);
  let passed = await customerAtEase(served);
  for (let time = 0; time < 5; time += 1) {
    passed += served.carry(device, 50);
    await served.agent.wireguard.remove([(await rig.books.catalogue.getDevice(device.id)).publicKey ?? '']);
    await served.agent.run({ full: true });
    passed += served.carry(device, 50);
    await rig.books.catalogue.rekeyDevice(device.id, {});
    await served.settle();
  }
  expect(await usage()).toMatchObject({ usedBytes: passed, writtenOffBytes: 0n });
});

test('one volume over ten nodes is one volume, not ten', async () => {
  const nodes = await Promise.all(Array.from({ length: 10 }, (_, index) => node(`n${index}`)));
  await sell(10n * mib);
  let passed = 0n;
  let before = -1n;
  let round = 0;
  for (let quiet = 0; quiet < 5 && round < 100; quiet = passed > before ? 0 : quiet + 1) {
    round += 1;
    before = passed;
    for (const served of nodes) {
      await served.hear();
      passed += served.carry(device, 200);
      await served.agent.beat(1000);
      await served.report();
    }
  }
  expect(passed).toBeLessThanOrEqual(10n * mib);
  expect(passed).toBeGreaterThan((10n * mib * 99n) / 100n);
  for (const served of nodes) await served.settle();
  expect((await usage()).usedBytes).toBe(passed);
});

test('who used up his volume is let in by the payment alone: nothing is restarted', async () => {
  const served = await node('a');
  await sell(1n * mib);
  let passed = 0n;
  for (let count = 0; count < 30; count += 1) {
    passed += served.carry(device, 200);
    await served.agent.beat(1000);
    await served.report();
    await served.hear();
  }
  expect(served.carry(device, 10)).toBe(0n);
  await rig.books.catalogue.topUp(subscription, { bytes: 1n * mib, reason: 'paid', reference: 'invoice-1' });
  await served.hear();
  expect(served.carry(device, 10)).toBe(10_000n);
  await served.settle();
  expect((await usage()).usedBytes).toBe(passed + 10_000n);
});
