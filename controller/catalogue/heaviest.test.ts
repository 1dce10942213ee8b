import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

describe('the heaviest subscriptions', () => {
  it('are those whose devices pass traffic now, by the rates of the nodes where they do', async () => {
    const [a, b] = [await rig.node('a'), await rig.node('b')];
    const [light, heavy, idle] = [
      await rig.subscription(),
      await rig.subscription(),
      await rig.subscription(),
    ];
    const devices = {
      light: await rig.device(light),
      heavy: await rig.device(heavy),
      idle: await rig.device(idle),
    };
    for (const node of [a, b]) await node.sync();
    await a.report(
      {},
      {
        [light]: { wanting: true, rate: 500n },
        [heavy]: { wanting: true, rate: 900n },
        [idle]: { wanting: true, rate: 5000n },
      },
    );
    // Where it passes nothing any more, its rate is of the past.
    await b.report({}, { [heavy]: { wanting: true, rate: 300n }, [light]: { wanting: true, rate: 8000n } });
    await a.presence(devices.light, { connected: true, passing: true });
    await a.presence(devices.idle, { connected: true });
    for (const node of [a, b]) await node.presence(devices.heavy, { connected: true, passing: true });
    const { passing, items } = await rig.books.catalogue.listHeaviest(10);
    expect(passing).toBe(2);
    expect(items).toMatchObject([
      { subscriptionId: heavy, bytesPerSecond: 1200n, devices: 1, nodes: ['a', 'b'], usedBytes: 0n },
      { subscriptionId: light, bytesPerSecond: 500n, devices: 1, nodes: ['a'] },
    ]);
    expect((await rig.books.catalogue.listHeaviest(1)).items).toHaveLength(1);
  });

  it('say how many of their keys look used on two devices, of whichever device they are', async () => {
    const a = await rig.node('a');
    const [one, other] = [await rig.subscription(), await rig.subscription()];
    const [busy, quiet] = [await rig.device(one), await rig.device(one)];
    const alone = await rig.device(other);
    await a.sync();
    for (const device of [busy, alone]) await a.presence(device, { connected: true, passing: true });
    await a.presence(quiet, { connected: true, shared: true });
    const shown = async () => {
      const { items } = await rig.books.catalogue.listHeaviest(10);
      return new Map(items.map(({ subscriptionId, sharedKeys }) => [subscriptionId, sharedKeys]));
    };
    expect(await shown()).toEqual(
      new Map([
        [one, 1],
        [other, 0],
      ]),
    );
    await a.presence(quiet, { connected: true });
    expect((await shown()).get(one)).toBe(0);
  });
});
