import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const set = (tariff: string, settings: Parameters<Rig['books']['catalogue']['setTariff']>[1]) =>
  rig.books.catalogue.setTariff(tariff, settings);

describe('a changed tariff', () => {
  it('reaches the nodes at once where speed or seats are concerned', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    await rig.device(subscription);
    await node.sync();
    expect(node.subscriptions.get(subscription)?.speed).toBeUndefined();
    const answer = await set('tariff-1', {
      downloadBitsPerSecond: 50_000_000,
      throttleBitsPerSecond: 1_000_000,
    });
    expect(answer).toMatchObject({
      subscriptions: 1,
      atOnce: ['downloadBitsPerSecond', 'throttleBitsPerSecond'],
      fromNextPeriod: [],
      fromNextRenewal: [],
    });
    expect(await node.sync()).toEqual(node.digest());
    expect(node.subscriptions.get(subscription)).toMatchObject({
      speed: { uploadBitsPerSecond: 0n, downloadBitsPerSecond: 50_000_000n, shared: false },
      throttle: { uploadBitsPerSecond: 1_000_000n, downloadBitsPerSecond: 1_000_000n },
    });
    const told = node.revision;
    await set('tariff-1', { maxConnections: 2 });
    const { deltas } = await rig.books.desired.since(node.identity, told);
    expect(deltas.flatMap(({ devices }) => devices)).toHaveLength(1);
  });

  it('tells nodes nothing of what they do not enforce', async () => {
    const node = await rig.node('a');
    await rig.device(await rig.subscription());
    await node.sync();
    await set('tariff-1', { thresholds: [80, 95], maxDevices: 9, volumeBytes: 5n * mib });
    expect((await rig.books.desired.since(node.identity, node.revision)).deltas).toEqual([]);
  });

  it('is not shaped in observe, where nothing of a tariff is in force', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    await rig.device(subscription);
    await set('tariff-1', { uploadBitsPerSecond: 64_000, throttleBitsPerSecond: 64_000 });
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    await node.sync();
    expect(node.subscriptions.get(subscription)?.speed).toBeUndefined();
    expect(node.subscriptions.get(subscription)?.throttle).toBeUndefined();
    await rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    await node.sync();
    expect(node.subscriptions.get(subscription)?.speed).toBeDefined();
  });

  it('says what waits for the next period, and for the next renewal', async () => {
    await rig.subscription();
    expect(await set('tariff-1', { volumeBytes: 5n, durationDays: 30, graceSeconds: 60 })).toMatchObject({
      atOnce: ['graceSeconds'],
      fromNextPeriod: [],
      fromNextRenewal: ['volumeBytes', 'durationDays'],
    });
    await rig.books.catalogue.addTariff({ name: 'monthly', volumeBytes: 5n, period: 'month' });
    expect(await set('monthly', { volumeBytes: 6n, rollover: true, durationDays: 30 })).toMatchObject({
      tariff: { volumeBytes: 6n, rollover: true },
      subscriptions: 0,
      fromNextPeriod: ['volumeBytes', 'rollover'],
      fromNextRenewal: ['durationDays'],
    });
    expect(await set('monthly', { volumeBytes: 6n })).toMatchObject({ fromNextPeriod: [] });
  });

  it('keeps its period, and whether there is a volume, while there are subscriptions to it', async () => {
    await rig.subscription();
    for (const change of [
      { period: 'month' },
      { period: 'days', periodDays: 3 },
      { volumeBytes: null },
    ] as const) {
      await expect(set('tariff-1', change)).rejects.toMatchObject({
        code: 'conflict',
        field: Object.keys(change)[0],
        message: expect.stringContaining('under the 1 subscription of tariff-1'),
      });
    }
    await rig.books.catalogue.addTariff({ name: 'free', volumeBytes: 5n, period: 'days', periodDays: 7 });
    expect((await set('free', { period: 'month' })).tariff).toMatchObject({
      period: 'month',
      periodDays: null,
    });
  });

  it('keeps them also for those that change to it with their next period, and counts those', async () => {
    const { catalogue } = rig.books;
    const subscription = await rig.subscription({ limits: { period: 'month' } });
    await catalogue.addTariff({ name: 'next', volumeBytes: 5n, period: 'days', periodDays: 7 });
    await catalogue.changeTariff(subscription, { tariff: 'next', when: 'next-period' });
    for (const change of [{ periodDays: 3 }, { period: 'once' }, { volumeBytes: null }] as const) {
      await expect(set('next', change)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(
          /cannot change under 1 subscription for which next waits until the next period$/,
        ),
        remedy: expect.stringMatching(/ change ID --tariff OTHER", with --when next-period those /),
      });
    }
    expect(await set('next', { volumeBytes: 6n })).toMatchObject({ subscriptions: 0, waiting: 1 });
    expect(await set('tariff-1', { volumeBytes: 6n })).toMatchObject({ subscriptions: 1, waiting: 0 });
    await catalogue.cancelSubscription(subscription, { reason: 'moved' });
    expect(await set('next', { volumeBytes: null })).toMatchObject({ subscriptions: 0, waiting: 0 });
  });

  it('is checked as a whole', async () => {
    await rig.books.catalogue.addTariff({ name: 't', volumeBytes: 5n, downloadBitsPerSecond: 1_000_000 });
    await expect(set('t', { throttleBitsPerSecond: 2_000_000 })).rejects.toMatchObject({
      code: 'invalid',
      field: 'throttleBitsPerSecond',
    });
    await expect(set('t', { rollover: true })).rejects.toMatchObject({ field: 'rollover' });
    expect((await rig.books.catalogue.getTariff('t')).throttleBitsPerSecond).toBeNull();
  });

  it('is not left with what only a limit of connections makes work', async () => {
    const { catalogue } = rig.books;
    const limits = { volumeBytes: 5n, maxConnections: 2, sharedKey: 'count' } as const;
    await catalogue.addTariff({ name: 'limited', ...limits });
    await expect(set('limited', { maxConnections: null })).rejects.toMatchObject({ field: 'sharedKey' });
    await set('limited', { maxConnections: null, sharedKey: 'notify' });
    await expect(set('limited', { seatPolicy: 'evict-oldest' })).rejects.toMatchObject({
      code: 'invalid',
      field: 'seatPolicy',
    });
    await expect(
      catalogue.addTariff({ name: 'other', volumeBytes: 5n, sharedKey: 'count' }),
    ).rejects.toMatchObject({ field: 'sharedKey' });
  });

  it('is removed when nobody refers to it', async () => {
    await rig.subscription();
    await expect(rig.books.catalogue.removeTariff('tariff-1')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/has 1 subscription$/),
    });
    await rig.books.catalogue.addTariff({ name: 'free', volumeBytes: 5n });
    await rig.books.catalogue.removeTariff('free');
    expect((await rig.books.catalogue.listTariffs()).map(({ name }) => name)).toEqual(['tariff-1']);
  });
});
