import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { gib, kib, mib, openRig, runOnce } from '../../test/unit/books/rig.ts';
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
    { [world.id]: { grantedBytes: 256n * kib } },
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

  it('is followed by the same volume, renewed early or late', async () => {
    await fc.assert(
      fc.asyncProperty(
        orders,
        orders,
        fc.bigInt({ min: 0n, max: 900n }),
        fc.integer({ min: 1, max: 100 * day }),
        fc.constantFrom(0, 3 * 86_400),
        fc.boolean(),
        async (first, then, usedMib, later, graceSeconds, rollover) => {
          const volume = async (late: boolean) => {
            const one = await openWorld({ ...monthly, graceSeconds, rollover });
            const { clock } = one.rig;
            try {
              await use(one, usedMib * mib);
              const endsAt = (await shown(one)).expiresAt ?? 0;
              if (!late) await renew(one);
              clock.pass(endsAt - clock.now());
              await play(one, first);
              if (late) {
                clock.pass(later);
                await play(one, then);
                await renew(one);
              }
              await one.rig.sweepPeriods();
              return (await shown(one)).volumeBytes ?? 0n;
            } finally {
              await one.rig.books.close();
            }
          };
          const [early, late] = [await volume(false), await volume(true)];
          // What began in the grace was not paid for, and is not carried over.
          if (later >= graceSeconds * second && graceSeconds > 0) expect(late).toBe(gib);
          else expect(late).toBe(early);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('leaves what a node says of the next one booked there, opened beforehand or not', async () => {
    for (const ahead of [hour, 0]) {
      world = await openWorld(monthly);
      const { rig, node, id, device } = world;
      await use(world, 100n * mib);
      rig.clock.pass(30 * day - 2 - ahead);
      if (ahead > 0) await rig.sweepPeriods();
      rig.clock.pass(ahead + day);
      await lifetimes(world);
      await reportNext(world, 700n);
      expect(rig.books.figures().strangeEntries).toBe(0);
      await node.report({ [device]: [101n * mib, 0n] }, {}, undefined, 1);
      expect(await shown(world)).toMatchObject({ period: 1, usedBytes: 101n * mib });
      await renew(world);
      expect(await shown(world)).toMatchObject({ period: 2, usedBytes: 700n });
      await node.sync();
      expect(node.subscriptions.get(id)).toMatchObject({ period: 2 });
      const { periods } = await rig.books.catalogue.getUsage(id, {});
      expect(periods.map(({ usedBytes }) => usedBytes)).toEqual([101n * mib, 700n]);
      expect((await rig.books.catalogue.getDevice(device)).uploadBytes).toBe(101n * mib + 700n);
      await rig.books.close();
      world = undefined;
    }
  });

  it('turns in observe, where no service ends', async () => {
    world = await openWorld(monthly);
    await world.rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    world.rig.clock.pass(31 * day);
    await lifetimes(world);
    await world.rig.sweepPeriods();
    expect(await shown(world)).toMatchObject({ period: 2 });
  });

  it('turned before, where its service went on, also when nobody looked until that had ended', async () => {
    world = await openWorld({ ...monthly, periodDays: 10 });
    world.rig.clock.pass(70 * day);
    await lifetimes(world);
    await world.rig.sweepPeriods();
    const { expiresAt } = await shown(world);
    expect(await shown(world)).toMatchObject({ period: 3, periodEndsAt: expiresAt });
  });

  it('is not put off by another tariff, as nodes are in the next one by themselves', async () => {
    world = await openWorld(monthly);
    const { rig, node, id } = world;
    rig.clock.pass(31 * day);
    await lifetimes(world);
    await reportNext(world);
    await rig.books.catalogue.addTariff({ name: 'other', volumeBytes: gib, period: 'month' });
    await rig.books.catalogue.changeTariff(id, { tariff: 'other', when: 'now' });
    await rig.books.catalogue.renewSubscription(id, { reference: 'paid', until: '2027-06-01' });
    await node.sync();
    expect(node.subscriptions.get(id)).toMatchObject({ period: 2 });
    const { periodEndsAt } = await shown(world);
    expect(periodEndsAt).toBe(Date.parse('2027-01-01T00:00:00Z'));
  });

  it('is followed by one that begins where the new expiry counts from, at the same millisecond', async () => {
    world = await openWorld(monthly);
    const { clock } = world.rig;
    clock.pass(31 * day);
    await lifetimes(world);
    const standing = clock.now.bind(clock);
    let passed = 0;
    clock.now = () => standing() + passed++;
    const { subscription } = await renew(world);
    expect(subscription.periodEndsAt).toBe(subscription.expiresAt);
  });
});

describe('a renewal of what is over', () => {
  it('counts from now, also before a sweep has seen that service had ended', async () => {
    world = await openWorld({ durationDays: 30 });
    world.rig.clock.pass(90 * day);
    const { renewal, subscription } = await renew(world);
    expect(renewal.fromAt).toBe(world.rig.clock.now());
    expect(subscription.access.state).toBe('open');
    expect(await eventsOf(world, 'subscription.expired')).toHaveLength(1);
  });

  it('finds that a period turned in the grace, also when nobody looked meanwhile', async () => {
    const grace = { durationDays: 30, graceSeconds: 3600, rollover: true } as const;
    world = await openWorld({ period: 'days', periodDays: 30, ...grace });
    world.rig.clock.pass(31 * day);
    const { subscription } = await renew(world);
    expect(subscription).toMatchObject({ period: 3, volumeBytes: gib });
  });

  it('works where the first connection was on the day of the expiry: it started then at the latest', async () => {
    const expires = new Date(Date.UTC(2026, 10, 22, 18)).toISOString();
    world = await openWorld({ period: 'days', periodDays: 30 }, { starts: 'first-connection', expires });
    const { rig, node, device, id } = world;
    await node.report({ [device]: [1000n, 0n] }, { [id]: { wanting: true } });
    expect(await shown(world)).toMatchObject({ startsAt: Date.parse(expires) });
    rig.clock.pass(7 * hour);
    await lifetimes(world);
    const [started] = await eventsOf(world, 'subscription.started');
    expect(started?.at).toBe(Date.parse(expires));
    const { subscription } = await renew(world);
    expect(subscription).toMatchObject({ period: 2, usedBytes: 0n, access: { state: 'open' } });
    expect(subscription.periodEndsAt).toBe(rig.clock.now() + 30 * day);
  });

  it('leaves one that was never connected waiting for that', async () => {
    world = await openWorld(
      { period: 'days', periodDays: 30 },
      { starts: 'first-connection', expires: '2026-11-25' },
    );
    const { rig, node, device } = world;
    rig.clock.pass(5 * day);
    await lifetimes(world);
    await renew(world);
    await rig.sweepPeriods();
    await node.report({ [device]: [1000n, 0n] });
    const midnight = Date.parse('2026-11-28T00:00:00Z');
    expect(await shown(world)).toMatchObject({
      ...{ period: 1, startsAt: midnight, periodEndsAt: midnight + 30 * day, access: { state: 'open' } },
    });
  });

  it('works where the clock was ahead when its period began, and counts from the expiry that is to come', async () => {
    const expires = '2026-11-23T12:30:00Z';
    world = await openWorld({ period: 'days', periodDays: 1 }, { expires });
    const { clock } = world.rig;
    clock.pass(day + hour);
    await world.rig.sweepPeriods();
    await lifetimes(world);
    clock.pass(-hour - second);
    const { renewal, subscription } = await renew(world);
    expect(renewal.fromAt).toBe(Date.parse(expires));
    expect(subscription).toMatchObject({ period: 2, access: { state: 'open' } });
  });

  it('works where the clock was ahead when it started', async () => {
    const times = { expires: '2026-11-22T12:30:00Z' };
    world = await openWorld({ period: 'days', periodDays: 30 }, times);
    const { clock } = world.rig;
    clock.pass(hour);
    await lifetimes(world);
    clock.pass(-2 * hour);
    const { subscription } = await renew(world);
    expect(subscription).toMatchObject({ startsAt: clock.now(), access: { state: 'open' } });
  });

  it('works where its period begins only later, as the clock was ahead in observe', async () => {
    const times = { expires: '2026-11-23T00:00:00Z' };
    world = await openWorld({ period: 'days', periodDays: 1 }, times);
    const { clock } = world.rig;
    await world.rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    clock.pass(day + hour);
    await world.rig.sweepPeriods();
    await lifetimes(world);
    clock.pass(-2 * hour);
    await world.rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    const { subscription } = await renew(world);
    expect(subscription).toMatchObject({ period: 3, access: { state: 'open' } });
    expect(subscription.periodEndsAt).toBe(clock.now() + day);
  });
});

describe('a change of tariff that waits for the next period', () => {
  it('leaves the first period, whose start is known later, the length of its own tariff', async () => {
    const world = await openWorld(
      { period: 'days', periodDays: 30, durationDays: 30 },
      { starts: 'first-connection' },
    );
    const { rig, node, id, device } = world;
    await rig.books.catalogue.addTariff({ name: 'short', volumeBytes: mib, period: 'days', periodDays: 1 });
    await rig.books.catalogue.changeTariff(id, { tariff: 'short', when: 'next-period' });
    await node.report({ [device]: [1000n, 0n] });
    const { startsAt, periodEndsAt } = await shown(world);
    expect((periodEndsAt ?? 0) - (startsAt ?? 0)).toBe(30 * day);
    await rig.books.close();
  });
});

describe('one that is over', () => {
  it('and changed to a tariff for once is renewed with its volume, and not with twice that', async () => {
    const world = await openWorld({ volumeBytes: 3n * mib, period: 'days', periodDays: 1, durationDays: 1 });
    const { rig, id } = world;
    rig.clock.pass(2 * day);
    await lifetimes(world);
    const once = { name: 'once', volumeBytes: 3n * mib, period: 'once', durationDays: 30 } as const;
    await rig.books.catalogue.addTariff(once);
    await rig.books.catalogue.changeTariff(id, { tariff: 'once' });
    await renew(world);
    expect((await rig.books.catalogue.getUsage(id)).remainingBytes).toBe(3n * mib);
    await rig.books.close();
  });

  it('and gets a later expiry has turned at once as if it had never been', async () => {
    const world = await openWorld({ period: 'days', periodDays: 1, durationDays: 1 });
    const { rig, id } = world;
    rig.clock.pass(3 * day + hour);
    await lifetimes(world);
    const expires = new Date(rig.clock.now() + day).toISOString();
    await rig.books.catalogue.setSubscription(id, { expires });
    expect((await shown(world)).period).toBe(4);
    await rig.books.close();
  });
});
