import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mib, openRig, type Rig, runOnce, type TestNode } from '../../test/unit/books/rig.ts';
import type { NewTariff } from '../catalogue/catalogue.ts';

const hour = 3_600_000;
const day = 24 * hour;

let rig: Rig;
let node: TestNode;
beforeEach(async () => {
  rig = await openRig();
  node = await rig.node('a');
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;
const shown = (id: string) => catalogue().getSubscription(id);
const look = async () => {
  await rig.sweepPeriods();
  await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
};

const monthly = { period: 'days', periodDays: 30, durationDays: 30, volumeBytes: mib } as const;
const weekly = { period: 'days', periodDays: 7, durationDays: 7, volumeBytes: 3n * mib } as const;
const once = { period: 'once', durationDays: 90, volumeBytes: 5n * mib } as const;

type Settings = Omit<NewTariff, 'name'>;

/** One for which the tariff `next` waits. */
async function sell(
  tariff: Settings,
  next: Settings,
  times: { starts?: string; expires?: string | null } = {},
): Promise<string> {
  await catalogue().addAccount({ reference: 'customer' });
  await catalogue().addTariff({ name: 'old', ...tariff });
  await catalogue().addTariff({ name: 'next', ...next });
  const { id } = await catalogue().createSubscription({ account: 'customer', tariff: 'old', ...times });
  await rig.device(id);
  await catalogue().changeTariff(id, { tariff: 'next', when: 'next-period' });
  return id;
}

let paid = 0;
async function renew(id: string, wish: { periods?: number; until?: string } = {}): Promise<number> {
  paid += 1;
  const { renewal } = await catalogue().renewSubscription(id, { reference: `paid ${paid}`, ...wish });
  return renewal.untilAt;
}

describe('a renewal of what another tariff waits for', () => {
  it('is by that one, where the renewal begins with its period', async () => {
    const id = await sell(monthly, weekly);
    const expiresAt = rig.clock.now() + 30 * day;
    expect(await renew(id)).toBe(expiresAt + 7 * day);
    expect(await shown(id)).toMatchObject({ tariff: 'old', nextTariff: 'next' });
    rig.clock.pass(30 * day);
    await look();
    expect(await shown(id)).toMatchObject({
      ...{ tariff: 'next', period: 2, periodEndsAt: expiresAt + 7 * day, volumeBytes: 3n * mib },
      access: { state: 'open' },
    });
    rig.clock.pass(7 * day);
    await look();
    expect(await shown(id)).toMatchObject({ period: 2, access: { state: 'closed' } });
  });

  it('is by that one each time, one by one or together', async () => {
    const id = await sell(monthly, weekly);
    const expiresAt = rig.clock.now() + 30 * day;
    for (const n of [1, 2]) expect(await renew(id)).toBe(expiresAt + n * 7 * day);
    expect(await renew(id, { periods: 3 })).toBe(expiresAt + 5 * 7 * day);
  });

  it('is by that one also in the grace and after it', async () => {
    const id = await sell({ ...monthly, graceSeconds: 86_400 }, { ...weekly, graceSeconds: 86_400 });
    const expiresAt = rig.clock.now() + 30 * day;
    rig.clock.pass(30 * day + hour);
    await look();
    expect(await renew(id)).toBe(expiresAt + 7 * day);
    rig.clock.pass(60 * day);
    expect(await renew(id)).toBe(rig.clock.now() + 7 * day);
  });

  it('begins it, and a whole period of it, where service had ended', async () => {
    const id = await sell(monthly, weekly);
    rig.clock.pass(33 * day);
    await look();
    const until = await renew(id);
    expect(until).toBe(rig.clock.now() + 7 * day);
    expect(await shown(id)).toMatchObject({
      ...{ tariff: 'next', nextTariff: null, period: 2, periodEndsAt: until, volumeBytes: 3n * mib },
      access: { state: 'open' },
    });
  });

  it('is by that one where service goes on beyond the period', async () => {
    const id = await sell({ ...monthly, durationDays: 40 }, weekly);
    const expiresAt = rig.clock.now() + 40 * day;
    expect(await renew(id)).toBe(expiresAt + 7 * day);
  });

  it('is by the one in force where it begins before that comes, and by the other from then on', async () => {
    const id = await sell({ ...monthly, durationDays: 20 }, weekly);
    const expiresAt = rig.clock.now() + 20 * day;
    expect(await renew(id)).toBe(expiresAt + 20 * day);
    expect(await renew(id)).toBe(expiresAt + 27 * day);
  });

  it('is by the one in force in a month that is not over, also where service had ended', async () => {
    const id = await sell({ period: 'month', durationDays: 3, volumeBytes: mib }, weekly);
    rig.clock.pass(5 * day);
    await look();
    expect(await renew(id)).toBe(rig.clock.now() + 3 * day);
    expect(await shown(id)).toMatchObject({ tariff: 'old', nextTariff: 'next', period: 1 });
  });

  it('begins a whole period where the month is over', async () => {
    const id = await sell({ period: 'month', durationDays: 3, volumeBytes: mib }, weekly);
    rig.clock.pass(40 * day);
    await look();
    const until = await renew(id);
    expect(until).toBe(rig.clock.now() + 7 * day);
    expect(await shown(id)).toMatchObject({ tariff: 'next', period: 2, periodEndsAt: until });
  });

  it('may be by months, and begins then with what is left of one', async () => {
    const id = await sell(monthly, { period: 'month', volumeBytes: mib });
    // From the 22nd of December to that of January.
    expect(await renew(id)).toBe(rig.clock.now() + 61 * day);
    rig.clock.pass(30 * day);
    await look();
    expect(await shown(id)).toMatchObject({ tariff: 'next', periodEndsAt: Date.parse('2027-01-01') });
  });

  it('is until when it is said, whatever a tariff says; which must be said where it says nothing', async () => {
    const id = await sell(monthly, { period: 'once', volumeBytes: mib });
    await expect(renew(id)).rejects.toMatchObject({
      ...{ code: 'invalid', field: 'until' },
      message: expect.stringContaining('tariff "next" has neither a duration nor periods'),
    });
    expect(await renew(id, { until: '2027-02-01' })).toBe(Date.parse('2027-02-01'));
  });

  it('is refused where there is no expiry', async () => {
    const id = await sell({ ...monthly, durationDays: null }, weekly);
    await expect(renew(id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('goes by what waits no more, where the change was taken back', async () => {
    const id = await sell(monthly, weekly);
    await catalogue().changeTariff(id, { tariff: 'old', when: 'next-period' });
    expect(await renew(id)).toBe(rig.clock.now() + 60 * day);
  });
});

describe('a tariff for once that waits', () => {
  const graceful = { ...monthly, graceSeconds: 86_400 };
  const remaining = async (id: string) => (await shown(id)).remainingBytes;

  for (const [when, afterDays] of [
    ['before it comes', 1],
    ['in the grace', 30.5],
    ['after that', 50],
  ] as const) {
    it(`brings its volume with the first renewal, once, and with each one after it again: ${when}`, async () => {
      const id = await sell(afterDays === 50 ? monthly : graceful, { ...once, graceSeconds: 86_400 });
      rig.clock.pass(afterDays * day);
      await look();
      await renew(id);
      rig.clock.pass(Math.max(0, 31 - afterDays) * day);
      await look();
      expect(await shown(id)).toMatchObject({ tariff: 'next', periodEndsAt: null });
      expect(await remaining(id)).toBe(5n * mib);
      await renew(id, { periods: 2 });
      expect(await remaining(id)).toBe(15n * mib);
    });
  }

  it('that came in the grace, which nobody has paid for, ends with that: a renewal after it brings it anew', async () => {
    const id = await sell(graceful, { ...once, graceSeconds: 86_400 });
    rig.clock.pass(30.5 * day);
    await look();
    expect(await remaining(id)).toBe(5n * mib);
    rig.clock.pass(day);
    await look();
    expect(await renew(id, { periods: 2 })).toBe(rig.clock.now() + 180 * day);
    expect(await shown(id)).toMatchObject({ period: 3, periodEndsAt: null, access: { state: 'open' } });
    expect(await remaining(id)).toBe(10n * mib);
    const { periods } = await catalogue().getUsage(id);
    expect(periods.at(-1)?.startsAt).toBe(rig.clock.now());
  });

  it('brings it as often as is renewed at once, and to whom had no limit before, too', async () => {
    const id = await sell({ ...monthly, volumeBytes: null }, once);
    const expiresAt = rig.clock.now() + 30 * day;
    expect(await renew(id, { periods: 2 })).toBe(expiresAt + 180 * day);
    await renew(id, { until: '2027-12-01' });
    rig.clock.pass(30 * day);
    await look();
    expect(await remaining(id)).toBe(15n * mib);
  });

  it('brings it by itself where service goes on, and a renewal adds to that', async () => {
    const id = await sell({ ...monthly, durationDays: 40 }, once);
    await renew(id);
    rig.clock.pass(30 * day);
    await look();
    expect(await remaining(id)).toBe(10n * mib);
  });
});

describe('one that was never connected and expired', () => {
  const first = { starts: 'first-connection', expires: '2026-11-25' };

  it('goes on waiting with its tariff, for which the other one still waits', async () => {
    const id = await sell(monthly, weekly, first);
    rig.clock.pass(5 * day);
    await look();
    expect(await renew(id)).toBe(rig.clock.now() + 30 * day);
    expect(await shown(id)).toMatchObject({ tariff: 'old', nextTariff: 'next', period: 1, startsAt: null });
  });

  it('has paid for its first period also where that began with its expiry, and gets the volume of a renewal', async () => {
    await catalogue().addAccount({ reference: 'customer' });
    await catalogue().addTariff({ name: 'once', ...once, graceSeconds: 86_400 });
    const times = { starts: 'first-connection', expires: '2026-11-22T18:00:00Z' };
    const { id } = await catalogue().createSubscription({ account: 'customer', tariff: 'once', ...times });
    const device = await rig.device(id);
    await node.report({ [device]: [1000n, 0n] });
    rig.clock.pass(7 * hour);
    await look();
    await renew(id);
    expect((await shown(id)).remainingBytes).toBe(10n * mib - 1000n);
  });

  it('keeps what is left of that first period, where it is carried over', async () => {
    await catalogue().addAccount({ reference: 'customer' });
    const tariff = { ...monthly, rollover: true, graceSeconds: 86_400 } as const;
    await catalogue().addTariff({ name: 'monthly', ...tariff });
    const times = { starts: 'first-connection', expires: '2026-11-22T18:00:00Z' };
    const { id } = await catalogue().createSubscription({ account: 'customer', tariff: 'monthly', ...times });
    const device = await rig.device(id);
    await node.report({ [device]: [1000n, 0n] });
    rig.clock.pass(2 * day);
    await look();
    await renew(id);
    expect(await shown(id)).toMatchObject({ period: 2, remainingBytes: 2n * mib - 1000n });
  });

  it('goes on waiting also where it was changed meanwhile', async () => {
    const id = await sell(monthly, weekly, first);
    await catalogue().changeTariff(id, { tariff: 'next' });
    rig.clock.pass(5 * day);
    await look();
    await renew(id);
    expect(await shown(id)).toMatchObject({ tariff: 'next', period: 1, periodEndsAt: null, startsAt: null });
  });
});
