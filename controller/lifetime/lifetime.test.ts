import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, openRig, type Rig, runOnce, type TestNode } from '../../test/unit/books/rig.ts';
import type { NewTariff } from '../catalogue/catalogue.ts';

const hour = 3_600_000;
const day = 24 * hour;
const open = 1;
const withdrawn = 3;

let rig: Rig;
let node: TestNode;
let account: string;
beforeEach(async () => {
  rig = await openRig();
  node = await rig.node('a');
  account = (await rig.books.catalogue.addAccount({ reference: 'customer' })).id;
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;
const look = () => runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
const iso = (at: number) => new Date(at).toISOString();

async function sell(
  times: { starts?: string; expires?: string | null; timeZone?: string } = {},
  tariff: Partial<NewTariff> = {},
) {
  const { id: tariffId } = await catalogue().addTariff({ name: 't', volumeBytes: gib, ...tariff });
  const { id } = await catalogue().createSubscription({ account, tariff: tariffId, ...times });
  const device = await rig.device(id);
  await node.sync();
  return { id, device, access: () => node.devices.get(device)?.access };
}

async function reasons(id: string) {
  const { access } = await catalogue().getSubscription(id);
  return access.reasons.map(({ code, since }) => [code, since]);
}

async function eventsOf(id: string) {
  const events = await catalogue().listEvents({ subscription: id });
  return events.map(({ type, at }) => [type, at]);
}

describe('a subscription that starts at a date', () => {
  it('is closed until then, and opens by itself', async () => {
    const createdAt = rig.clock.now();
    const startsAt = createdAt + 2 * day;
    const { id, access } = await sell({ starts: iso(startsAt) }, { durationDays: 30 });
    expect(await reasons(id)).toEqual([['not-started', createdAt]]);
    expect(access()).toBe(withdrawn);
    expect(await catalogue().getSubscription(id)).toMatchObject({ startsAt, expiresAt: startsAt + 30 * day });
    rig.clock.pass(2 * day - 1);
    await look();
    await node.sync();
    expect(access()).toBe(withdrawn);
    rig.clock.pass(1);
    await look();
    expect(await node.sync()).toEqual(node.digest());
    expect(access()).toBe(open);
    expect(await reasons(id)).toEqual([]);
    expect(await eventsOf(id)).toEqual([['subscription.started', startsAt]]);
    await look();
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('keeps what was paid for or agreed when its start or time zone moves', async () => {
    const startsAt = rig.clock.now() + 10 * day;
    const { id } = await sell({ starts: iso(startsAt) }, { durationDays: 30 });
    await catalogue().renewSubscription(id, { reference: 'paid', periods: 2 });
    const { expiresAt } = await catalogue().getSubscription(id);
    expect(expiresAt).toBe(startsAt + 90 * day);
    await catalogue().setSubscription(id, { starts: iso(startsAt + day) });
    expect((await catalogue().getSubscription(id)).expiresAt).toBe(expiresAt);
  });

  it('may move also when the period after its first one was opened beforehand, and skips none', async () => {
    const { id } = await sell({ starts: '2026-11-30T12:00:00Z' }, { period: 'month' });
    rig.clock.pass(Date.parse('2026-11-30T06:00:00Z') - rig.clock.now());
    // Less than a day before the end of the first period, the next one is open.
    await rig.sweepPeriods();
    for (const starts of ['first-connection', '2027-01-10'])
      await catalogue().setSubscription(id, { starts });
    for (const [now, number, endsAt] of [
      ['2027-01-10T01:00:00Z', 1, '2027-02-01'],
      ['2027-02-01T01:00:00Z', 2, '2027-03-01'],
    ] as const) {
      rig.clock.pass(Date.parse(now) - rig.clock.now());
      await look();
      await rig.sweepPeriods();
      const { period, periodEndsAt } = await catalogue().getSubscription(id);
      expect([period, periodEndsAt]).toEqual([number, Date.parse(endsAt)]);
    }
  });

  it('cannot have started years ago, as every period since would be turned', async () => {
    await expect(sell({ starts: '1970-01-01' }, { period: 'days', periodDays: 1 })).rejects.toMatchObject({
      code: 'invalid',
      field: 'starts',
    });
  });

  it('starts with the first moment of a day in its time zone', async () => {
    const { id } = await sell({ starts: '2027-03-28', timeZone: 'Europe/Berlin' }, { durationDays: 1 });
    expect(await catalogue().getSubscription(id)).toMatchObject({
      startsAt: Date.parse('2027-03-27T23:00:00Z'),
      // A day that is an hour shorter.
      expiresAt: Date.parse('2027-03-28T22:00:00Z'),
    });
  });

  it('may start otherwise as long as it has not', async () => {
    const { id, access } = await sell({ starts: '2027-01-01' }, { durationDays: 30 });
    await catalogue().setSubscription(id, { timeZone: 'Asia/Tokyo', starts: '2027-01-02' });
    const startsAt = Date.parse('2027-01-01T15:00:00Z');
    expect(await catalogue().getSubscription(id)).toMatchObject({ startsAt, expiresAt: startsAt + 30 * day });
    await catalogue().setSubscription(id, { starts: 'now' });
    await node.sync();
    expect(access()).toBe(open);
    await expect(catalogue().setSubscription(id, { starts: '2027-01-01' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('has started'),
    });
  });
});

describe('a subscription that starts at its first connection', () => {
  it('is open, counts from the midnight after it, and keeps no finer time', async () => {
    const { id, device, access } = await sell(
      { starts: 'first-connection', timeZone: 'Europe/Berlin' },
      { durationDays: 30 },
    );
    expect(access()).toBe(open);
    rig.clock.pass(40 * day);
    await look();
    expect(await catalogue().getSubscription(id)).toMatchObject({
      ...{ startsAt: null, expiresAt: null, access: { state: 'open' } },
    });
    await node.report({ [device]: [1000n, 0n] });
    // 2027-01-01 13:00 in Berlin.
    const startsAt = Date.parse('2027-01-01T23:00:00Z');
    expect(await catalogue().getSubscription(id)).toMatchObject({ startsAt, expiresAt: startsAt + 30 * day });
    await look();
    await node.sync();
    expect(access()).toBe(open);
    expect(await eventsOf(id)).toEqual([]);
    rig.clock.pass(day);
    await look();
    expect(await eventsOf(id)).toEqual([['subscription.started', startsAt]]);
    // Nothing that was stored of it tells when it was first used.
    await node.report({ [device]: [5000n, 0n] });
    expect((await catalogue().getSubscription(id)).startsAt).toBe(startsAt);
    await node.sync();
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(BigInt(startsAt + 30 * day));
  });

  it('ends at the date that was given, connected or not', async () => {
    const { id, access } = await sell({ starts: 'first-connection', expires: iso(rig.clock.now() + day) });
    rig.clock.pass(day);
    await look();
    await node.sync();
    expect(access()).toBe(withdrawn);
    expect(await reasons(id)).toEqual([['expired', rig.clock.now()]]);
  });
});

describe('a subscription that expires', () => {
  it('goes on for its grace, and is closed then', async () => {
    const expiresAt = rig.clock.now() + 30 * day;
    const { id, device, access } = await sell({}, { durationDays: 30, graceSeconds: 3 * 86_400 });
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(BigInt(expiresAt + 3 * day));
    rig.clock.pass(30 * day);
    await look();
    await node.sync();
    expect(access()).toBe(open);
    expect(await catalogue().getSubscription(id)).toMatchObject({ expiresAt, endsAt: expiresAt + 3 * day });
    expect(await eventsOf(id)).toEqual([['subscription.expired', expiresAt]]);
    rig.clock.pass(3 * day);
    await look();
    expect(await node.sync()).toEqual(node.digest());
    expect(access()).toBe(withdrawn);
    expect(await reasons(id)).toEqual([['expired', expiresAt + 3 * day]]);
    expect(await eventsOf(id)).toHaveLength(1);
    // And nothing is granted to it any more.
    const granted = node.granted(id);
    await node.report({ [device]: [1000n, 0n] }, { [id]: { wanting: true } });
    expect(node.granted(id)).toBe(granted);
  });

  it('is only told of in observe', async () => {
    const { id, access } = await sell({}, { durationDays: 1 });
    await catalogue().setEnforcement({ enforcement: 'observe' });
    rig.clock.pass(day);
    await look();
    await node.sync();
    expect(access()).toBe(open);
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(0n);
    const { access: shown } = await catalogue().getSubscription(id);
    expect(shown.wouldClose.map(({ code }) => code)).toEqual(['expired']);
    await catalogue().setEnforcement({ enforcement: 'enforce' });
    await node.sync();
    expect(access()).toBe(withdrawn);
  });

  it('comes back when the tariff gives more grace', async () => {
    const { id, access } = await sell({}, { durationDays: 1 });
    rig.clock.pass(day);
    await look();
    await catalogue().setTariff('t', { graceSeconds: 86_400 });
    await node.sync();
    expect(access()).toBe(open);
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(BigInt(rig.clock.now() + day));
  });

  it('gets another expiry, or none', async () => {
    const { id, access } = await sell({}, { durationDays: 1 });
    await catalogue().setSubscription(id, { expires: null });
    rig.clock.pass(5 * day);
    await look();
    await node.sync();
    expect(access()).toBe(open);
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(0n);
    const expiresAt = rig.clock.now() + hour;
    await catalogue().setSubscription(id, { expires: iso(expiresAt) });
    await node.sync();
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(BigInt(expiresAt));
    await expect(catalogue().setSubscription(id, { expires: iso(rig.clock.now()) })).rejects.toMatchObject({
      field: 'expires',
      message: expect.stringContaining('over already'),
    });
  });

  it('together with many others is closed as they are', async () => {
    const { id } = await sell({}, { durationDays: 1 });
    const ids = [id];
    for (let n = 0; n < 450; n++)
      ids.push((await catalogue().createSubscription({ account, tariff: 't' })).id);
    rig.clock.pass(day);
    await look();
    const all = await catalogue().listSubscriptions();
    expect(all.filter(({ access }) => access.state === 'closed')).toHaveLength(ids.length);
  });
});

describe('a renewal', () => {
  it('lengthens from the old expiry, also in the grace', async () => {
    const { id } = await sell({}, { durationDays: 30, graceSeconds: 86_400 });
    const { expiresAt } = await catalogue().getSubscription(id);
    rig.clock.pass(30 * day + hour);
    await look();
    const { renewal, subscription } = await catalogue().renewSubscription(id, {
      reference: 'p1',
      periods: 2,
    });
    expect(renewal).toMatchObject({ fromAt: expiresAt, untilAt: (expiresAt ?? 0) + 60 * day, periods: 2 });
    expect(subscription.expiresAt).toBe(renewal.untilAt);
    await node.sync();
    expect(node.subscriptions.get(id)?.endsAtMs).toBe(BigInt(renewal.untilAt + day));
    expect((await eventsOf(id)).map(([type]) => type)).toEqual([
      'subscription.expired',
      'subscription.renewed',
    ]);
  });

  it('opens at once what was over, and counts from now', async () => {
    const { id, device, access } = await sell({}, { durationDays: 30 });
    rig.clock.pass(40 * day);
    await look();
    await node.sync();
    expect(access()).toBe(withdrawn);
    const { renewal } = await catalogue().renewSubscription(id, { reference: 'p1' });
    expect(renewal).toMatchObject({ fromAt: rig.clock.now(), untilAt: rig.clock.now() + 30 * day });
    expect(await node.sync()).toEqual(node.digest());
    expect(access()).toBe(open);
    const granted = node.granted(id);
    await node.report({ [device]: [granted, 0n] }, { [id]: { wanting: true } });
    expect(node.granted(id)).toBeGreaterThan(granted);
  });

  it('of what was over begins a whole period in days, which is granted; none turned meanwhile', async () => {
    const { id, device } = await sell({}, { durationDays: 30, period: 'days', periodDays: 30 });
    await node.report({ [device]: [0n, 0n] }, { [id]: { wanting: true } });
    await node.report({ [device]: [node.granted(id), 0n] });
    rig.clock.pass(30 * day);
    await look();
    rig.clock.pass(100 * day);
    await rig.sweepPeriods();
    expect(await catalogue().getSubscription(id)).toMatchObject({ period: 1 });
    await catalogue().renewSubscription(id, { reference: 'p1' });
    const now = rig.clock.now();
    expect(await catalogue().getSubscription(id)).toMatchObject({
      ...{ period: 2, periodEndsAt: now + 30 * day, expiresAt: now + 30 * day },
      ...{ volumeBytes: gib, remainingBytes: gib, access: { state: 'open' } },
    });
    expect(await node.sync()).toEqual(node.digest());
    expect(node.subscriptions.get(id)).toMatchObject({ period: 2, periodEndsAtMs: BigInt(now + 30 * day) });
  });

  it('of what was over goes on in the month of the calendar', async () => {
    const { id } = await sell({ expires: '2026-12-10' }, { period: 'month' });
    rig.clock.pass(20 * day);
    await look();
    rig.clock.pass(70 * day);
    await rig.sweepPeriods();
    await catalogue().renewSubscription(id, { reference: 'p1' });
    const { periodEndsAt, expiresAt } = await catalogue().getSubscription(id);
    expect(periodEndsAt).toBe(Date.parse('2027-03-01T00:00:00Z'));
    expect(iso(expiresAt ?? 0).slice(0, 10)).toBe('2027-03-20');
  });

  it('adds the volume again where it is for the whole life', async () => {
    const { id } = await sell({}, { durationDays: 30 });
    await catalogue().renewSubscription(id, { reference: 'p1', periods: 2 });
    await catalogue().renewSubscription(id, { reference: 'p1', periods: 2 });
    expect(await catalogue().getSubscription(id)).toMatchObject({
      volumeBytes: 3n * gib,
      adjustments: [{ kind: 'renewal', bytes: 2n * gib, reference: 'p1' }],
    });
  });

  it('is the same one when it is told again, and never another one by the same reference', async () => {
    const { id } = await sell({}, { durationDays: 30 });
    const first = await catalogue().renewSubscription(id, { reference: 'p1' });
    rig.clock.pass(hour);
    expect(await catalogue().renewSubscription(id, { reference: 'p1' })).toEqual(first);
    expect((await eventsOf(id)).map(([type]) => type)).toEqual(['subscription.renewed']);
    for (const other of [{ periods: 2 }, { until: '2030-01-01' }]) {
      await expect(catalogue().renewSubscription(id, { reference: 'p1', ...other })).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('"p1"'),
      });
    }
    const until = await catalogue().renewSubscription(id, { reference: 'p2', until: '2030-01-01' });
    expect(await catalogue().renewSubscription(id, { reference: 'p2', until: '2030-01-01' })).toEqual(until);
  });

  it('is refused where there is nothing to put off', async () => {
    const { id } = await sell();
    await expect(catalogue().renewSubscription(id, { reference: 'p1' })).rejects.toMatchObject({
      code: 'conflict',
      remedy: expect.stringContaining('--expires'),
    });
    await catalogue().setSubscription(id, { expires: '2030-01-01' });
    await expect(catalogue().renewSubscription(id, { reference: 'p1' })).rejects.toMatchObject({
      field: 'until',
      message: expect.stringContaining('neither a duration nor periods'),
    });
    await expect(
      catalogue().renewSubscription(id, { reference: 'p1', until: '2029-12-31' }),
    ).rejects.toMatchObject({ field: 'until', message: expect.stringContaining('is not after') });
  });
});

describe('a cancelled subscription', () => {
  it('is closed for good', async () => {
    const { id, access } = await sell({}, { durationDays: 30 });
    await catalogue().cancelSubscription(id, { reason: 'left us' });
    expect(await node.sync()).toEqual(node.digest());
    expect(access()).toBe(withdrawn);
    expect(await reasons(id)).toEqual([['cancelled', rig.clock.now()]]);
    rig.clock.pass(31 * day);
    await look();
    expect(await eventsOf(id)).toEqual([]);
    for (const attempt of [
      () => catalogue().renewSubscription(id, { reference: 'p1' }),
      () => catalogue().setSubscription(id, { expires: null }),
      () => catalogue().cancelSubscription(id, { reason: 'again' }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('was cancelled'),
      });
    }
  });
});

describe('times that cannot be', () => {
  it.each([
    ['timeZone', { timeZone: 'Europe/Berln' }, /there is no time zone "Europe\/Berln"/],
    ['starts', { starts: 'tomorrow' }, /"tomorrow" is not a date or time/],
    ['starts', { starts: '2026-02-30' }, /"2026-02-30"/],
    ['starts', { starts: '2026-12-24T18:00:00' }, /is not a date or time/],
    ['expires', { expires: '2026-11-22' }, /over already|not after the start/],
    ['expires', { starts: '2027-05-01', expires: '2027-05-01' }, /is not after the start/],
  ])('are refused by their field: %s %j', async (field, times, said) => {
    await expect(sell(times)).rejects.toMatchObject({
      code: 'invalid',
      field,
      message: expect.stringMatching(said),
    });
    expect(await catalogue().listSubscriptions()).toEqual([]);
  });
});
