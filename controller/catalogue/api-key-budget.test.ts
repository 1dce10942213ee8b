import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, runOnce } from '../../test/unit/books/rig.ts';
import type { Catalogue, NewSubscription, NewTariff } from './catalogue.ts';

const day = 86_400_000;
let rig: Rig;
let reseller: Catalogue;

async function open(budgetBytes: bigint, tariff: Partial<NewTariff> = {}) {
  rig = await openRig();
  const { catalogue, apiKeys } = rig.books;
  const key = { name: 'reseller', hash: new Uint8Array(32), scopes: ['subscriptions'] as const };
  const { id: keyId } = await apiKeys.add({ ...key, tag: 'own', budgetBytes });
  reseller = catalogue.within({ tag: 'own', seller: { keyId, keyName: 'reseller' } });
  await reseller.addAccount({ reference: 'a' });
  await catalogue.addTariff({ name: 'small', volumeBytes: 100n, ...tariff });
  await catalogue.addTariff({ name: 'large', volumeBytes: 250n, ...tariff });
  await catalogue.addTariff({ name: 'unlimited', volumeBytes: null, ...tariff });
}

beforeEach(() => open(1000n));
afterEach(() => rig.books.close());

const sold = async () => (await rig.books.apiKeys.get('reseller')).soldBytes;
const create = (more: Partial<NewSubscription> = {}) =>
  reseller.createSubscription({ account: 'a', tariff: 'small', ...more });
const pack = (bytes: bigint, reference: string) => ({ bytes, reason: 'x', reference });
const beyond = (left: bigint) => ({ code: 'exhausted', budgetBytes: 1000n, leftBytes: left });

describe('a budget', () => {
  it('is taken from by what is created, topped up, renewed and changed to a larger tariff', async () => {
    await rig.books.apiKeys.set('reseller', { budgetBytes: 2000n });
    await rig.books.catalogue.setTariff('small', { durationDays: 30 });
    const { id } = await create();
    expect(await sold()).toBe(100n);
    await reseller.topUp(id, pack(30n, 'p1'));
    expect(await sold()).toBe(130n);
    await reseller.renewSubscription(id, { reference: 'r1', periods: 2 });
    expect(await sold()).toBe(330n);
    await reseller.changeTariff(id, { tariff: 'large' });
    expect(await sold()).toBe(480n);
    const line = { type: 'subscription', reference: 'b', account: 'b', tariff: 'large' } as const;
    async function* lines() {
      yield { number: 1, line };
      yield { number: 2, line: { ...line, reference: 'c' } };
    }
    const { signal } = new AbortController();
    await reseller.importLines(lines(), { dryRun: false, signal });
    expect(await sold()).toBe(980n);
    await reseller.importLines(lines(), { dryRun: false, signal });
    expect(await sold()).toBe(980n);
  });

  it('is never passed, and who would is told what it is and what is left; nothing is done then', async () => {
    const { id } = await create();
    await reseller.topUp(id, pack(850n, 'p1'));
    await expect(reseller.topUp(id, pack(51n, 'p2'))).rejects.toMatchObject(beyond(50n));
    await expect(create()).rejects.toMatchObject(beyond(50n));
    await expect(reseller.changeTariff(id, { tariff: 'large' })).rejects.toMatchObject(beyond(50n));
    expect((await reseller.listSubscriptions()).length).toBe(1);
    expect((await reseller.getSubscription(id)).volumeBytes).toBe(950n);
    await reseller.topUp(id, pack(50n, 'p2'));
    expect(await sold()).toBe(1000n);
    await expect(reseller.topUp(id, pack(1n, 'p3'))).rejects.toMatchObject(beyond(0n));
  });

  it('holds exactly also when calls come at once', async () => {
    const { id } = await create();
    const calls = Array.from({ length: 12 }, (_, n) => reseller.topUp(id, pack(130n, `p${n}`)));
    const done = (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled');
    expect([done.length, await sold()]).toEqual([6, 880n]);
  });

  it('is not taken from twice by a payment that is told again, nor given back by a refund', async () => {
    const { id } = await create();
    await reseller.topUp(id, pack(100n, 'p1'));
    await reseller.topUp(id, pack(100n, 'p1'));
    expect(await sold()).toBe(200n);
    const refund = await reseller.refund(id, pack(100n, 'back'));
    await reseller.reverse(id, refund.id, { reason: 'x', reference: 'again' });
    expect(await sold()).toBe(200n);
  });

  it('does not sell what has no end: no limit, or periods without an expiry', async () => {
    await expect(create({ tariff: 'unlimited' })).rejects.toMatchObject({ code: 'conflict' });
    await rig.books.catalogue.addTariff({ name: 'monthly', volumeBytes: 10n, period: 'month' });
    await expect(create({ tariff: 'monthly' })).rejects.toMatchObject({
      remedy: expect.stringContaining('expiry'),
    });
    const { id } = await create({ tariff: 'monthly', expires: '2027-02-01' });
    expect(await sold()).toBe(30n);
    await expect(reseller.setSubscription(id, { expires: null })).rejects.toMatchObject({ code: 'conflict' });
    await reseller.setSubscription(id, { expires: '2027-04-15' });
    expect(await sold()).toBe(60n);
    await reseller.setSubscription(id, { expires: '2027-01-15' });
    expect(await sold()).toBe(60n);
  });

  it('is taken from by what another tariff brings that waits for the next period', async () => {
    const { catalogue } = rig.books;
    const limits = { period: 'days', periodDays: 30, durationDays: 30 } as const;
    await catalogue.addTariff({ name: 'before', volumeBytes: 10n, ...limits });
    const weekly = { period: 'days', periodDays: 7, durationDays: 20, graceSeconds: 7 * 86_400 } as const;
    await catalogue.addTariff({ name: 'weekly', volumeBytes: 20n, ...weekly });
    await catalogue.addTariff({ name: 'once', volumeBytes: 50n, durationDays: 90 });
    for (const [tariff, renewed, again] of [
      // 20 days are three periods, and with the grace four; 40 days with it seven.
      ['weekly', 80n, 60n],
      ['once', 50n, 50n],
    ] as const) {
      const { id } = await create({ tariff: 'before' });
      const before = await sold();
      await reseller.changeTariff(id, { tariff, when: 'next-period' });
      // Without a renewal nothing of it begins.
      expect(await sold()).toBe(before);
      await reseller.renewSubscription(id, { reference: 'r1' });
      expect(await sold()).toBe(before + renewed);
      await reseller.renewSubscription(id, { reference: 'r2' });
      expect(await sold()).toBe(before + renewed + again);
    }
  });

  it('of another key, or of nobody, is not touched', async () => {
    const { id } = await create();
    await rig.books.catalogue.topUp(id, pack(5000n, 'gift'));
    expect(await sold()).toBe(100n);
    await reseller.topUp(id, pack(900n, 'p1'));
    expect(await sold()).toBe(1000n);
  });
});

it('what is taken from a budget is all that the subscription is sold until its end, in any zone and rhythm', {
  timeout: 30_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('month' as const, 'days' as const),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 70 }),
      fc.nat({ max: 3 }),
      fc.constantFrom('UTC', 'Pacific/Auckland', 'America/St_Johns'),
      async (period, length, durationDays, graceDays, timeZone) => {
        await rig.books.close();
        await open(10n ** 12n, {
          ...{ period, durationDays, graceSeconds: graceDays * 86_400 },
          ...(period === 'days' && { periodDays: length }),
        });
        rig.clock.pass(length * day);
        const { id } = await create({ timeZone });
        const taken = await sold();
        for (let passed = 0; passed < durationDays + graceDays + 2; passed += 1) {
          // A period may begin within the day at whose end the subscription ends: it is seen before that.
          for (const part of [day - 1, 1]) {
            rig.clock.pass(part);
            await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
            await rig.sweepPeriods();
          }
        }
        const { period: turned, access } = await reseller.getSubscription(id);
        expect(access.reasons.map(({ code }) => code)).toContain('expired');
        expect(taken).toBe(BigInt(turned) * 100n);
      },
    ),
    { numRuns: 12 },
  );
});
