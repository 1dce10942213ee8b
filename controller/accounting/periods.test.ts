import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kib, mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

const day = 86_400_000;
const daily = { period: 'days', periodDays: 1 } as const;
let rig: Rig;
let start: number;
beforeEach(async () => {
  rig = await openRig({
    validitySeconds: 3600,
    periodEnd: (_terms, startsAt) => startsAt + day,
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
  const subscription = await rig.subscription({ volumeBytes: 100n * mib, limits: daily });
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

describe('what a period leaves unused of its volume', () => {
  const settle = async (rollover: boolean) => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib, limits: { ...daily, rollover } });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [30n * mib, 0n] }, { [subscription]: { wanting: true } });
    await catalogueTopUp(subscription, 10n * mib);
    const held = node.granted(subscription) - 30n * mib;
    rig.clock.pass(day);
    await rig.sweepPeriods();
    await node.sync();
    return { node, subscription, device, held };
  };
  const catalogueTopUp = (subscription: string, bytes: bigint) =>
    rig.books.catalogue.topUp(subscription, { bytes, reason: 'paid', reference: 'one' });

  it('is added to the next one, and grows while nodes say what they did not use; packs stay as they are', async () => {
    const { node, subscription, device, held } = await settle(true);
    expect(held).toBeGreaterThan(10n * mib);
    expect((await shown(subscription)).volumeBytes).toBe(100n * mib + (70n * mib - held) + 10n * mib);
    const given = { releasedBytes: held - 5n * mib, grantedBytes: held + 30n * mib };
    await node.report({ [device]: [35n * mib, 0n] }, { [subscription]: given }, undefined, 1);
    expect((await shown(subscription)).volumeBytes).toBe(175n * mib);
    // Carried over once only: the period after next has its own volume, and what the next one leaves of its own.
    rig.clock.pass(day);
    await rig.sweepPeriods();
    const { volumeBytes } = await shown(subscription);
    expect(volumeBytes).toBe(100n * mib + 100n * mib - 256n * kib + 10n * mib);
  });

  it('takes in nothing on the word of a node that was cloned', async () => {
    const { node, subscription } = await settle(true);
    const before = (await shown(subscription)).volumeBytes ?? 0n;
    const entry = { subscriptionId: subscription, period: 1, grantedBytes: 256n * kib };
    const ending = { ...entry, over: true };
    await node.send({ number: 2n, subscriptions: [entry] });
    const clone = node.send({ number: 2n, subscriptions: [ending] });
    await expect(clone).rejects.toMatchObject({ code: 'conflict' });
    await expect(node.send({ number: 3n, subscriptions: [ending] })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect((await shown(subscription)).volumeBytes).toBe(before);
  });

  it('takes in nothing of a volume that was lowered while a node that was away held it', async () => {
    const { catalogue } = rig.books;
    const node = await rig.node('a');
    const subscription = await rig.subscription({
      volumeBytes: 100n * mib,
      limits: { ...daily, rollover: true },
    });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [10n * mib, 0n] }, { [subscription]: { wanting: true } });
    const heard = node.granted(subscription);
    expect(heard).toBeGreaterThan(40n * mib);
    const less = await catalogue.addTariff({
      ...{ name: 'less', volumeBytes: 20n * mib, ...daily, rollover: true },
    });
    await catalogue.changeTariff(subscription, { tariff: less.id });
    rig.clock.pass(day);
    await rig.sweepPeriods();
    expect((await shown(subscription)).volumeBytes).toBe(20n * mib);
    const ending = { grantedBytes: heard, releasedBytes: heard - 10n * mib, over: true };
    await node.send({
      number: 2n,
      subscriptions: [{ subscriptionId: subscription, period: 1, ...ending }],
    });
    // What was left of the 20 MiB.
    expect((await shown(subscription)).volumeBytes).toBe(30n * mib);
  });

  it('takes in what a node never heard of, once the period is over there', async () => {
    const { node, subscription, held } = await settle(true);
    const before = (await shown(subscription)).volumeBytes ?? 0n;
    // It heard of 20 MiB less than it was granted, used 30 MiB, and gave the rest back.
    const heard = held + 10n * mib;
    const ending = { grantedBytes: heard, releasedBytes: heard - 30n * mib, over: true };
    const report = (number: bigint) =>
      node.send({ number, subscriptions: [{ subscriptionId: subscription, period: 1, ...ending }] });
    await report(2n);
    expect((await shown(subscription)).volumeBytes).toBe(before + held);
    await report(3n);
    expect((await shown(subscription)).volumeBytes).toBe(before + held);
  });

  it('takes in what was granted to a node that was away for the whole of it', async () => {
    const { node, subscription } = await settle(true);
    rig.clock.pass(day);
    await rig.sweepPeriods();
    const before = (await shown(subscription)).volumeBytes ?? 0n;
    expect(before).toBe(210n * mib - 256n * kib);
    await node.send({ number: 2n, subscriptions: [{ subscriptionId: subscription, period: 3, since: 2 }] });
    expect((await shown(subscription)).volumeBytes).toBe(210n * mib);
  });

  it('is gone, where the tariff does not say otherwise; packs stay', async () => {
    const { subscription } = await settle(false);
    expect((await shown(subscription)).volumeBytes).toBe(110n * mib);
  });

  it('cannot be granted beforehand, nor can packs', async () => {
    const { node, subscription, device } = await settle(true);
    await catalogueTopUp(subscription, 0n).catch(() => undefined);
    rig.clock.pass(day - 1800_000);
    await rig.sweepPeriods();
    await node.sync();
    for (let round = 1; round < 40; round++) {
      const used = node.granted(subscription);
      await node.report({ [device]: [used, 0n] }, { [subscription]: { wanting: true } }, undefined, 2);
    }
    const next = node.subscriptions.get(subscription)?.nextGrantedBytes ?? 0n;
    expect(next).toBeGreaterThan(10n * mib);
    expect(next).toBeLessThanOrEqual(100n * mib);
  });
});

describe('another volume', () => {
  it('of the current period goes as far as it is free, and the rest when it comes back', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib, limits: daily });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [30n * mib, 0n] }, { [subscription]: { wanting: true } });
    const claimed = node.granted(subscription);
    await change(subscription, 40n * mib, 'now');
    expect((await shown(subscription)).volumeBytes).toBe(claimed);
    await node.sync();
    const told = node.subscriptions.get(subscription);
    expect(told?.recall).toBe(1);
    const back = { recall: 1, releasedBytes: claimed - 30n * mib };
    await node.report({ [device]: [30n * mib, 0n] }, { [subscription]: back });
    expect((await shown(subscription)).volumeBytes).toBe(40n * mib);
    await change(subscription, 70n * mib, 'now');
    expect((await shown(subscription)).remainingBytes).toBe(40n * mib);
    await change(subscription, null, 'now');
    await node.sync();
    expect(node.subscriptions.get(subscription)?.metering).toBe(2);
  });

  it('of the next period is in force with it', async () => {
    const { subscription } = await sell();
    rig.clock.pass(day - 1800_000);
    await rig.sweepPeriods();
    await change(subscription, 7n * mib, 'next-period');
    expect((await shown(subscription)).volumeBytes).toBe(100n * mib);
    rig.clock.pass(1800_000);
    await rig.sweepPeriods();
    expect((await shown(subscription)).volumeBytes).toBe(7n * mib);
  });

  let tariffs = 0;
  const change = async (subscription: string, volumeBytes: bigint | null, when: 'now' | 'next-period') => {
    tariffs += 1;
    const period = { period: 'days', periodDays: 1 } as const;
    await rig.books.catalogue.addTariff({ name: `other-${tariffs}`, volumeBytes, ...period });
    await rig.books.catalogue.changeTariff(subscription, { tariff: `other-${tariffs}`, when });
  };
});
