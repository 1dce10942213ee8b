import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

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
});
