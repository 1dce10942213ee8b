import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kib, mib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

const day = 86_400_000;
const hour = 3600_000;
const limits = { period: 'days', periodDays: 3 } as const;
const names = ['one', 'two'] as const;

const tariff = fc.constantFrom(...names);
const volumeBytes = fc.integer({ min: 20, max: 90 }).map((size) => BigInt(size) * mib);
const change = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), tariff, when: fc.constant('next-period' as const) }),
  fc.record({ kind: fc.constant('change' as const), tariff, when: fc.constant('now' as const) }),
  fc.record({ kind: fc.constant('set' as const), tariff, rollover: fc.boolean() }),
  fc.record({ kind: fc.constant('set' as const), tariff, volumeBytes }),
  fc.record({ kind: fc.constant('length' as const), tariff, periodDays: fc.constantFrom(1, 2, 5) }),
  fc.record({ kind: fc.constant('multiplier' as const), factor: fc.constantFrom(0.5, 1, 1.5, 3) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

async function make(rig: Rig, subscription: string, one: Change): Promise<void> {
  const { catalogue } = rig.books;
  if (one.kind === 'multiplier') await catalogue.setNode('a', { multiplier: one.factor });
  if (one.kind === 'set') {
    const { kind: _, tariff: name, ...settings } = one;
    await catalogue.setTariff(name, settings);
  }
  const { tariff: held, nextTariff } = await catalogue.getSubscription(subscription);
  // Of a tariff that somebody has, or waits for, the length is fixed.
  if (one.kind === 'length' && one.tariff !== held && one.tariff !== nextTariff) {
    await catalogue.setTariff(one.tariff, { periodDays: one.periodDays });
  }
  if (one.kind !== 'change') return;
  if (one.when === 'now') {
    const [from, to] = [await catalogue.getTariff(held), await catalogue.getTariff(one.tariff)];
    // Other lengths count from the moment of the change.
    if (one.tariff === held || from.periodDays !== to.periodDays) return;
  }
  await catalogue.changeTariff(subscription, { tariff: one.tariff, when: one.when });
}

/** Answers the recall that it was told, if any. */
async function giveBack(node: TestNode, subscription: string, period: number, used: bigint): Promise<void> {
  await node.sync();
  const { recall = 0, grantedBytes = 0n } = node.subscriptions.get(subscription) ?? {};
  if (recall === 0) return;
  const answer = { recall, releasedBytes: grantedBytes - used };
  await node.report({}, { [subscription]: answer }, undefined, period);
}

/** What the second period comes to when the changes are made so long before it begins. */
async function play(sold: readonly boolean[], changes: readonly Change[], beforeMs: number) {
  const rig = await openRig();
  try {
    const { catalogue } = rig.books;
    const node = await rig.node('a');
    for (const [n, name] of names.entries()) {
      await catalogue.addTariff({ name, volumeBytes: 40n * mib, rollover: sold[n] === true, ...limits });
    }
    await catalogue.addAccount({ reference: 'c' });
    const { id } = await catalogue.createSubscription({ account: 'c', tariff: 'one' });
    const device = await rig.device(id);
    await node.sync();
    const used = 200n * kib;
    await node.report({ [device]: [used, 0n] });
    const turnsAt = (await catalogue.getSubscription(id)).periodEndsAt ?? 0;
    const passUntil = async (at: number) => {
      rig.clock.pass(at - rig.clock.now());
      await rig.sweepPeriods();
    };
    await passUntil(turnsAt - beforeMs);
    for (const one of changes) await make(rig, id, one);
    await giveBack(node, id, 1, used);
    await passUntil(turnsAt - hour / 2);
    const grantedBytes = node.granted(id);
    await passUntil(turnsAt);
    const first = { subscriptionId: id, period: 1, grantedBytes, over: true };
    await node.send({
      number: 100n,
      subscriptions: [{ ...first, releasedBytes: grantedBytes - used }],
    });
    await node.report({ [device]: [100n * kib, 0n] }, {}, 101n, 2);
    const { tariff, volumeBytes, countedBytes, remainingBytes, periodEndsAt } =
      await catalogue.getSubscription(id);
    return { tariff, volumeBytes, countedBytes, remainingBytes, length: (periodEndsAt ?? 0) - turnsAt };
  } finally {
    await rig.books.close();
  }
}

describe('a period that was opened beforehand', () => {
  it('has what it would have had, had the changes before it been made before it was opened', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.boolean(), fc.boolean()),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (sold, changes) => {
          expect(await play(sold, changes, hour)).toEqual(await play(sold, changes, 2 * day));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('counts by a multiplier that was set meanwhile, also what nodes hold of it already, but never beyond it', async () => {
    const rig = await openRig();
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib, limits });
    const device = await rig.device(subscription);
    await node.sync();
    rig.clock.pass(3 * day - hour);
    await rig.sweepPeriods();
    // Who is active holds a good part of it beforehand.
    for (const upload of [1n, 2n]) {
      await node.report({ [device]: [upload * mib, 0n] }, { [subscription]: { wanting: true } });
    }
    const held = node.subscriptions.get(subscription)?.nextGrantedBytes ?? 0n;
    expect(held).toBeGreaterThan(40n * mib);
    const pass = async (multiplier: number, period: number) => {
      await rig.books.catalogue.setNode('a', { multiplier });
      rig.clock.pass(period === 2 ? hour : 3 * day);
      await rig.sweepPeriods();
      await node.sync();
      await node.report({ [device]: [10n * mib, 0n] }, {}, undefined, period);
      return (await rig.books.catalogue.getSubscription(subscription)).countedBytes;
    };
    // 3 x 40 MiB are more than there is.
    expect(await pass(3, 2)).toBe(10n * mib);
    expect(await pass(1.5, 3)).toBe(15n * mib);
    await rig.books.close();
  });

  it('is told with what it takes over, as far as that is known then', async () => {
    const rig = await openRig();
    const node = await rig.node('a');
    const subscription = await rig.subscription({
      volumeBytes: 100n * mib,
      limits: { ...limits, rollover: true },
    });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [10n * mib, 0n] }, { [subscription]: { wanting: true } });
    const held = node.granted(subscription);
    expect(held).toBeGreaterThan(10n * mib);
    rig.clock.pass(3 * day);
    await rig.sweepPeriods();
    const { volumeBytes } = await rig.books.catalogue.getSubscription(subscription);
    expect(volumeBytes).toBe(200n * mib - held);
    const events = await rig.books.catalogue.listEvents();
    expect(events.filter(({ type }) => type === 'volume.renewed').map(({ data }) => data)).toEqual([
      { period: 2, volumeBytes: String(100n * mib), carriedBytes: String(100n * mib - held) },
    ]);
    await rig.books.close();
  });
});
