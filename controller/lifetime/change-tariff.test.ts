import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

const day = 86_400_000;
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;

describe('another tariff', () => {
  it('has its limits at once', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    await rig.device(subscription);
    await catalogue().addTariff({ name: 'slow', volumeBytes: 5n, uploadBitsPerSecond: 64_000 });
    const { subscription: after, newGroup } = await catalogue().changeTariff(subscription, {
      tariff: 'slow',
    });
    expect(after.tariff).toBe('slow');
    expect(newGroup).toBeNull();
    expect(await node.sync()).toEqual(node.digest());
    expect(node.subscriptions.get(subscription)?.speed?.uploadBitsPerSecond).toBe(64_000n);
  });

  it('of another group takes the devices to its nodes, and back', async () => {
    await catalogue().addGroup({ name: 'far' });
    const near = await rig.node('near');
    const far = await rig.node('far', { group: 'far' });
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    const device = await rig.device(subscription);
    const other = await rig.device(await rig.subscription());
    await near.sync();
    await near.report({ [device]: [1000n, 0n] }, { [subscription]: { wanting: true } });
    await catalogue().addTariff({ name: 'there', volumeBytes: 100n * mib, group: 'far' });
    const { newGroup } = await catalogue().changeTariff(subscription, { tariff: 'there' });
    expect(newGroup).toBe('far');
    for (const node of [near, far]) expect(await node.sync()).toEqual(node.digest());
    expect([...near.devices.keys()]).toEqual([other]);
    expect([...far.devices.keys()]).toEqual([device]);
    // What it had on the old nodes is asked back, and what it used there stays billed.
    expect(near.subscriptions.get(subscription)?.recall).toBe(1);
    await near.report({ [device]: [2000n, 0n] });
    expect((await catalogue().getUsage(subscription)).usedBytes).toBe(2000n);
    await far.report({}, { [subscription]: { wanting: true } });
    expect(far.granted(subscription)).toBeGreaterThan(0n);

    await catalogue().changeTariff(subscription, { tariff: 'tariff-1' });
    for (const node of [near, far]) expect(await node.sync()).toEqual(node.digest());
    expect([...near.devices.keys()].sort()).toEqual([device, other].sort());
    expect([...far.devices.keys()]).toEqual([]);
    // An agent that asks for everything is told the same.
    for (const node of [near, far]) {
      node.devices.clear();
      expect(await node.sync(0n)).toEqual(node.digest());
    }
  });

  it('that allows fewer devices than there are is refused', async () => {
    const subscription = await rig.subscription();
    await rig.device(subscription);
    await rig.device(subscription);
    await catalogue().addTariff({ name: 'one', volumeBytes: 5n, maxDevices: 1 });
    await expect(catalogue().changeTariff(subscription, { tariff: 'one' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('has 2 devices, and the tariff one allows 1'),
      remedy: 'remove 1 of them first',
    });
  });

  it('waits for the next period, where there is one, and may be taken back until then', async () => {
    await catalogue().addTariff({ name: 'monthly', volumeBytes: 5n, period: 'month' });
    await catalogue().addTariff({ name: 'more', volumeBytes: 9n, period: 'month' });
    const once = await rig.subscription();
    await expect(
      catalogue().changeTariff(once, { tariff: 'monthly', when: 'next-period' }),
    ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('one period only') });
    const { id } = await catalogue().createSubscription({ account: 'customer 1', tariff: 'monthly' });
    const later = await catalogue().changeTariff(id, { tariff: 'more', when: 'next-period' });
    expect(later.subscription).toMatchObject({ tariff: 'monthly', nextTariff: 'more' });
    await expect(catalogue().removeTariff('more')).rejects.toMatchObject({ code: 'conflict' });
    const back = await catalogue().changeTariff(id, { tariff: 'monthly', when: 'next-period' });
    expect(back.subscription).toMatchObject({ tariff: 'monthly', nextTariff: null });
  });

  it('sells its volume at once, less what was used, and never less than that', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [0n, 0n] }, { [subscription]: { wanting: true } });
    await node.report({ [device]: [1n * mib, 0n] });
    await catalogue().addTariff({ name: 'more', volumeBytes: 200n * mib });
    const more = await catalogue().changeTariff(subscription, { tariff: 'more' });
    expect(more.subscription).toMatchObject({ volumeBytes: 200n * mib, remainingBytes: 199n * mib });
  });

  it('comes with the next period, with its volume, its limits and its own length', async () => {
    const node = await rig.node('a');
    const start = rig.clock.now();
    await catalogue().addTariff({ name: 'weekly', volumeBytes: 10n * mib, period: 'days', periodDays: 7 });
    await catalogue().addTariff({
      ...{ name: 'daily', volumeBytes: 3n * mib, period: 'days', periodDays: 1, uploadBitsPerSecond: 64_000 },
    });
    await catalogue().addAccount({ reference: 'c' });
    const { id } = await catalogue().createSubscription({ account: 'c', tariff: 'weekly' });
    await rig.device(id);
    // The next period is open already when the change is asked for.
    rig.clock.pass(7 * day - 1000);
    await rig.sweepPeriods();
    await catalogue().changeTariff(id, { tariff: 'daily', when: 'next-period' });
    await rig.sweepPeriods();
    expect(await catalogue().getSubscription(id)).toMatchObject({ tariff: 'weekly', volumeBytes: 10n * mib });
    rig.clock.pass(1000);
    await rig.sweepPeriods();
    expect(await node.sync()).toEqual(node.digest());
    expect(await catalogue().getSubscription(id)).toMatchObject({
      ...{ tariff: 'daily', nextTariff: null, volumeBytes: 3n * mib },
      ...{ period: 2, periodEndsAt: start + 8 * day },
    });
    expect(node.subscriptions.get(id)?.speed?.uploadBitsPerSecond).toBe(64_000n);
    rig.clock.pass(day);
    await rig.sweepPeriods();
    expect(await catalogue().getSubscription(id)).toMatchObject({ period: 3, periodEndsAt: start + 9 * day });
  });

  it('of other periods turns by them from now on', async () => {
    const subscription = await rig.subscription({ volumeBytes: 10n * mib });
    await catalogue().addTariff({ name: 'daily', volumeBytes: 3n * mib, period: 'days', periodDays: 1 });
    rig.clock.pass(5000);
    await catalogue().changeTariff(subscription, { tariff: 'daily' });
    expect(await catalogue().getSubscription(subscription)).toMatchObject({
      ...{ period: 1, periodEndsAt: rig.clock.now() + day, volumeBytes: 3n * mib },
    });
    await catalogue().changeTariff(subscription, { tariff: 'tariff-1' });
    expect(await catalogue().getSubscription(subscription)).toMatchObject({ period: 1, periodEndsAt: null });
  });
});
