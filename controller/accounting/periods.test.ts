import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kib, mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

const day = 86_400_000;
let rig: Rig;
let start: number;
beforeEach(async () => {
  rig = await openRig({
    validitySeconds: 3600,
    periodEnd: async (_tx, _subscription, startsAt) => startsAt + day,
  });
  start = rig.clock.now();
});
afterEach(() => rig.books.close());

const shown = (subscription: string) => rig.books.catalogue.getSubscription(subscription);
const usage = (subscription: string, period?: number) =>
  rig.books.catalogue.getUsage(subscription, period === undefined ? {} : { period });

/** A subscription of 100 MiB a day with one device, on one node that sends. */
async function sell() {
  const node = await rig.node('a');
  const subscription = await rig.subscription({ volumeBytes: 100n * mib });
  const device = await rig.device(subscription);
  await node.sync();
  const told = () => node.subscriptions.get(subscription);
  return { node, subscription, device, told };
}

describe('a period', () => {
  it('is told to nodes with its end, and the next one is granted as long before as they may be alone', async () => {
    const { told, node, subscription, device } = await sell();
    const endsAt = BigInt((await shown(subscription)).periodEndsAt ?? 0);
    expect(told()).toMatchObject({ period: 1, periodEndsAtMs: endsAt, nextGrantedBytes: 0n });
    await rig.sweepPeriods();
    await node.sync();
    expect(told()).toMatchObject({ nextGrantedBytes: 0n });
    rig.clock.pass(Number(endsAt) - rig.clock.now() - 3600_000);
    await rig.sweepPeriods();
    await node.sync();
    expect(told()).toMatchObject({ period: 1, nextGrantedBytes: 256n * kib });
    // Who is active gets more than its allowance.
    await node.report({ [device]: [1n * mib, 0n] }, { [subscription]: { wanting: true } });
    await node.report({ [device]: [2n * mib, 0n] }, { [subscription]: { wanting: true } });
    expect(told()?.nextGrantedBytes).toBeGreaterThan(40n * mib);
    expect((await shown(subscription)).volumeBytes).toBe(100n * mib);
  });

  it('turns by the clock; what is reported late is billed to the one that it names', async () => {
    const { node, subscription, device, told } = await sell();
    await node.report({ [device]: [30n * mib, 0n] }, { [subscription]: { wanting: true } });
    rig.clock.pass(day);
    await rig.sweepPeriods();
    await node.sync();
    expect(told()).toMatchObject({ period: 2, grantedBytes: 256n * kib, recall: 0 });
    expect(await shown(subscription)).toMatchObject({
      period: 2,
      periodEndsAt: start + 2 * day + 1,
      usedBytes: 0n,
      remainingBytes: 100n * mib,
    });
    await node.report({ [device]: [5n * mib, 0n] }, {}, undefined, 2);
    await node.report({ [device]: [33n * mib, 0n] }, {}, undefined, 1);
    expect(await usage(subscription)).toMatchObject({ period: 2, usedBytes: 5n * mib });
    expect(await usage(subscription, 1)).toMatchObject({
      period: 1,
      usedBytes: 33n * mib,
      remainingBytes: 0n,
    });
    expect((await usage(subscription)).periods.map(({ usedBytes }) => usedBytes)).toEqual([
      33n * mib,
      5n * mib,
    ]);
    expect((await rig.books.catalogue.getDevice(device)).uploadBytes).toBe(38n * mib);
  });

  it('grants nothing any more once it is over', async () => {
    const { node, subscription } = await sell();
    rig.clock.pass(day);
    await rig.sweepPeriods();
    const before = rig.books.figures().grantedBytes;
    await node.report({}, { [subscription]: { wanting: true } }, undefined, 1);
    expect(rig.books.figures().grantedBytes).toBe(before);
  });

  it('is turned with a node that is in the next one already', async () => {
    const { node, subscription, device, told } = await sell();
    rig.clock.pass(day - 2_000);
    await rig.sweepPeriods();
    await node.report(
      { [device]: [200n * kib, 0n] },
      { [subscription]: { grantedBytes: 256n * kib, wanting: true } },
      undefined,
      2,
    );
    expect(told()).toMatchObject({ period: 2 });
    expect(told()?.grantedBytes).toBeGreaterThan(10n * mib);
    expect(await usage(subscription)).toMatchObject({ period: 2, usedBytes: 200n * kib });
  });

  it('that the subscription never had is strange, and not booked', async () => {
    const { node, subscription, device } = await sell();
    for (const period of [0, 2, 7]) {
      await node.report({ [device]: [9n, 0n] }, { [subscription]: {} }, undefined, period);
    }
    expect(rig.books.figures().strangeEntries).toBe(6);
    rig.clock.pass(day - 1800_000);
    await rig.sweepPeriods();
    await node.report({ [device]: [9n, 0n] }, {}, undefined, 3);
    expect(rig.books.figures().strangeEntries).toBe(7);
    expect((await usage(subscription)).usedBytes).toBe(0n);
  });

  it('is found also when nobody looked for several', async () => {
    const { node, subscription, device, told } = await sell();
    rig.clock.pass(3 * day + 5);
    await rig.sweepPeriods();
    await node.sync();
    expect(told()).toMatchObject({ period: 4 });
    // The node turned by itself once, and knew of no other.
    await node.report({ [device]: [7n, 0n] }, {}, undefined, 2);
    const { periods } = await usage(subscription);
    expect(periods.map(({ usedBytes }) => usedBytes)).toEqual([0n, 7n, 0n, 0n]);
    expect(await node.sync()).toEqual(node.digest());
  });

  it('goes on where the books are opened again, and on nodes that enrol in it', async () => {
    const { subscription } = await sell();
    rig.clock.pass(day);
    await rig.sweepPeriods();
    const late = await rig.node('late');
    expect(late.subscriptions.get(subscription)).toMatchObject({ period: 2, grantedBytes: 256n * kib });
  });

  it('leaves nothing that a removed node held to be granted again', async () => {
    const { node, subscription, device } = await sell();
    await node.report({ [device]: [1n * mib, 0n] }, { [subscription]: { wanting: true } });
    rig.clock.pass(day);
    await rig.sweepPeriods();
    await rig.books.catalogue.removeNode('a');
    const [first, second] = (await usage(subscription)).periods;
    expect(first?.writtenOffBytes).toBeGreaterThan(10n * mib);
    expect(second?.writtenOffBytes).toBe(256n * kib);
  });
});
