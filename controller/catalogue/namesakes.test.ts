import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, openRig, type Rig } from '../../test/unit/books/rig.ts';
import type { Catalogue } from './catalogue.ts';

let rig: Rig;
let all: Catalogue;
let reseller: Catalogue;

beforeEach(async () => {
  rig = await openRig();
  all = rig.books.catalogue;
  reseller = all.within({ tag: 'shop' });
  await all.addTariff({ name: 'small', volumeBytes: gib });
  await all.addAccount({ reference: '1' });
  await all.addAccount({ reference: '2' });
  await reseller.addAccount({ reference: 'shop 1' });
});
afterEach(() => rig.books.close());

const sell = (catalogue: Catalogue, account: string, reference?: string) =>
  catalogue.createSubscription({ account, tariff: 'small', ...(reference && { reference }) });
async function importOne(catalogue: Catalogue, account: string, reference: string) {
  const { signal } = new AbortController();
  async function* lines() {
    yield { number: 1, line: { type: 'subscription', tariff: 'small', account, reference } as const };
  }
  const { findings } = await catalogue.importLines(lines(), { dryRun: false, signal });
  for (const { error } of findings) if (error !== null) throw error;
}
const taken = { code: 'conflict', message: expect.stringContaining('with another tag') };

describe('the reference of a subscription', () => {
  it('may be that of another account with the same tag; who names it is told of both', async () => {
    await sell(all, '1');
    const { id } = await sell(all, '2', '1');
    await importOne(all, '3', '2');
    await expect(all.getSubscription('1')).rejects.toMatchObject({
      code: 'conflict',
      remedy: expect.stringContaining(id),
    });
  });

  it('is not that of an account with another tag, wherever it comes from', async () => {
    const { id } = await sell(reseller, 'shop 1', 'sold');
    await sell(all, '1');
    for (const attempt of [
      () => sell(reseller, 'shop 1', '1'),
      () => sell(all, 'shop 1', '1'),
      () => reseller.setSubscription(id, { reference: '1' }),
      () => importOne(reseller, 'shop 1', '1'),
      () => importOne(all, 'shop 1', '1'),
      () => importOne(reseller, 'shop 2', '1'),
      () => all.addAccount({ reference: 'sold' }),
      () => all.createSubscription({ account: '1', tariff: 'small', reference: 'shop 1' }),
      () => importOne(all, 'sold', 'new'),
      () => rig.books.privacy.rectify('2', { reference: 'sold' }),
    ]) {
      await expect(attempt()).rejects.toMatchObject(taken);
    }
    await sell(all, '2', 'ours');
    await all.addAccount({ reference: 'ours' });
    for (const account of ['2', 'ours']) {
      await expect(all.setAccount(account, { tag: 'shop' })).rejects.toMatchObject(taken);
    }
    expect((await all.getSubscription('1')).accountReference).toBe('1');
    expect((await all.getSubscription('sold')).id).toBe(id);
    await reseller.addAccount({ reference: 'sold' });
  });
});
