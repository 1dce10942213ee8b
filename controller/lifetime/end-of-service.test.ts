import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, mib, openRig, type Rig, runOnce, type TestNode } from '../../test/unit/books/rig.ts';
import type { NewTariff } from '../catalogue/catalogue.ts';

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;

/** A controller with one node, and one customer of it. */
async function openWorld(tariff: Partial<NewTariff>, times: { starts?: string; expires?: string } = {}) {
  const rig = await openRig();
  const { catalogue } = rig.books;
  const node = await rig.node('a');
  const { id: account } = await catalogue.addAccount({ reference: 'customer' });
  const { id: tariffId } = await catalogue.addTariff({ name: 't', volumeBytes: gib, ...tariff });
  const { id } = await catalogue.createSubscription({ account, tariff: tariffId, ...times });
  const device = await rig.device(id);
  await node.sync();
  return { rig, node, id, device };
}

type World = Awaited<ReturnType<typeof openWorld>>;

const shown = ({ rig, id }: World) => rig.books.catalogue.getSubscription(id);
const lifetimes = ({ rig }: World) => runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
const renew = ({ rig, id }: World, reference = 'paid') =>
  rig.books.catalogue.renewSubscription(id, { reference });

async function eventsOf({ rig, id }: World, type: string) {
  return (await rig.books.catalogue.listEvents({ subscription: id })).filter((event) => event.type === type);
}

/** The node turned by itself, and says so. */
const reportNext = (world: World, bytes = 0n) =>
  world.node.report(
    { [world.device]: [bytes, 0n] },
    { [world.id]: { grantedBytes: 256n * 1024n } },
    undefined,
    2,
  );

/** Uses so much, by and by, of what it is granted in the first period. */
async function use({ node, id, device }: World, bytes: bigint): Promise<void> {
  for (let used = 0n; used < bytes; ) {
    const granted = node.granted(id);
    used = granted < bytes ? granted : bytes;
    await node.report({ [device]: [used, 0n] }, { [id]: { wanting: true } });
    if (node.granted(id) === granted && used < bytes) throw new Error('nothing more is granted');
  }
}

/** What happens by itself, in some order. */
const happenings = {
  lifetimes,
  periods: ({ rig }: World) => rig.sweepPeriods(),
  report: (world: World) => reportNext(world),
} satisfies Record<string, (world: World) => Promise<void>>;
const orders = fc.array(fc.constantFrom<keyof typeof happenings>('lifetimes', 'periods', 'report'), {
  maxLength: 5,
});

async function play(world: World, order: readonly (keyof typeof happenings)[]): Promise<void> {
  for (const one of order) await happenings[one](world);
}

let world: World | undefined;
afterEach(() => world?.rig.books.close());

describe('a period that ends with its service', () => {
  const monthly = { period: 'days', periodDays: 30, durationDays: 30, rollover: true } as const;

  it('does not turn, whichever sweep or report comes first, and however late', async () => {
    await fc.assert(
      fc.asyncProperty(
        orders,
        fc.nat(3 * second),
        fc.constantFrom(0, 5 * second, 20 * day, 70 * day),
        fc.boolean(),
        async (order, before, after, opened) => {
          const one = await openWorld(monthly);
          const { rig } = one;
          try {
            const endsAt = (await shown(one)).expiresAt ?? 0;
            if (opened) {
              rig.clock.pass(endsAt - before - rig.clock.now());
              await rig.sweepPeriods();
              if (before < 5 * second) await reportNext(one);
            }
            rig.clock.pass(endsAt + after - rig.clock.now());
            await play(one, order);
            expect(await shown(one)).toMatchObject({ period: 1, periodEndsAt: endsAt });
            expect(await eventsOf(one, 'volume.renewed')).toEqual([]);
          } finally {
            await rig.books.close();
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is followed by the same, renewed early or late', async () => {
    await fc.assert(
      fc.asyncProperty(
        orders,
        orders,
        fc.bigInt({ min: 0n, max: 900n }),
        fc.integer({ min: 1, max: 100 * day }),
        fc.constantFrom(0, 3 * 86_400),
        fc.boolean(),
        async (first, then, usedMib, later, graceSeconds, rollover) => {
          const renewed = async (at: 'early' | 'late') => {
            const one = await openWorld({ ...monthly, graceSeconds, rollover });
            const { rig } = one;
            try {
              await use(one, usedMib * mib);
              const endsAt = (await shown(one)).expiresAt ?? 0;
              if (at === 'early') await renew(one);
              rig.clock.pass(endsAt - rig.clock.now());
              await play(one, first);
              rig.clock.pass(later);
              await play(one, then);
              if (at === 'late') await renew(one);
              else rig.clock.pass(endsAt - rig.clock.now());
              await rig.sweepPeriods();
              await one.node.sync();
              // Nothing is left with the node of what it was granted before.
              const { grantedBytes } = { grantedBytes: one.node.granted(one.id) };
              expect(grantedBytes).toBeGreaterThan(0n);
              const { volumeBytes, remainingBytes } = await shown(one);
              return { volumeBytes: volumeBytes ?? 0n, remainingBytes: remainingBytes ?? 0n, graceSeconds };
            } finally {
              await rig.books.close();
            }
          };
          // An early renewal is looked at in the period that follows, a late one in the one that it begins.
          const [early, late] = [await renewed('early'), await renewed('late')];
          expect(late.volumeBytes).toBeLessThanOrEqual(early.volumeBytes);
        },
      ),
      { numRuns: 25 },
    );
  });
});
