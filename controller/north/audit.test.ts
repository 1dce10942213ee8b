import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import { addApiKey, apiOn } from '../../test/unit/north-api.ts';
import type { Api } from './api.ts';

let rig: Rig;
let api: Api;

beforeEach(async () => {
  rig = await openRig();
  api = await apiOn(rig, 'socket');
});
afterEach(async () => {
  expect(await rig.books.audit.verify()).toMatchObject({ whole: true });
  await api.close();
  await rig.books.close();
});

/** What is in the history of an account, the first entry first. */
async function historyOf(account: string): Promise<string[]> {
  const { items } = (await api.inject({ url: `/v1/audit?account=${account}` })).json();
  return items.map(nameOf).reverse();
}

function nameOf({ method, route }: { method: string; route: string }): string {
  return `${method} ${route.replace(/^.*\//, '')}`;
}

describe('a change of linked accounts', () => {
  const ask = async (path: string, payload: object = {}) => {
    const method = path.endsWith('/link') && !('with' in payload) ? 'DELETE' : 'POST';
    const url = `/v1/${path}`;
    const { statusCode } = await api.inject({ method, url, ...(method === 'POST' && { payload }) });
    expect(statusCode).toBeLessThan(300);
  };
  const reason = { reason: 'unpaid' };

  beforeEach(async () => {
    for (const reference of ['la1', 'la2', 'la3']) await rig.books.catalogue.addAccount({ reference });
    await ask('accounts/la1/link', { with: 'la2' });
  });

  it('is in the history of each that it changed, and in the copy that its customer gets', async () => {
    await ask('accounts/la1/suspend', reason);
    await ask('accounts/la2/resume');
    await ask('accounts/la1/restrict', reason);
    await ask('accounts/la1/unrestrict');
    await ask('accounts/la2/link');
    const all = [
      'POST link',
      'POST suspend',
      'POST resume',
      'POST restrict',
      'POST unrestrict',
      'DELETE link',
    ];
    expect(await historyOf('la1')).toEqual(all);
    expect(await historyOf('la2')).toEqual(all);
    expect(await historyOf('la3')).toEqual([]);
    const copy = (await api.inject({ url: '/v1/accounts/la2/export?only=true' })).json();
    expect(copy.audit.map(nameOf).reverse()).toEqual(all);
  });

  it('has one entry for each, the named one first, alike but for whose they are', async () => {
    await ask('accounts/la2/suspend', reason);
    const [other, named] = await rig.books.audit.list({ limit: 2 });
    const idOf = async (name: string) => (await rig.books.catalogue.getAccount(name)).id;
    expect(named?.subject).toEqual({ account: await idOf('la2') });
    expect(other?.subject).toEqual({ account: await idOf('la1') });
    expect({ ...other, id: '', subject: {} }).toEqual({ ...named, id: '', subject: {} });
  });

  it('is not in the history of one that stayed as it was', async () => {
    await ask('accounts/la2/restrict', { ...reason, only: true });
    await ask('accounts/la1/suspend', reason);
    await ask('accounts/la1/resume', { only: true });
    expect(await historyOf('la2')).toEqual(['POST link', 'POST restrict']);
    expect(await historyOf('la1')).toEqual(['POST link', 'POST suspend', 'POST resume']);
  });

  it('is in the history of all whose set is another one, and of the named one alone where none is', async () => {
    await ask('accounts/la3/link', { with: 'la1' });
    await ask('accounts/la3/link', { with: 'la1' });
    await ask('accounts/la1/link');
    expect(await historyOf('la1')).toEqual(['POST link', 'POST link', 'DELETE link']);
    expect(await historyOf('la2')).toEqual(['POST link', 'POST link', 'DELETE link']);
    expect(await historyOf('la3')).toEqual(['POST link', 'POST link', 'DELETE link']);
  });

  it('is in the history of one that stays when another is erased', async () => {
    await ask('privacy/erasures', { account: 'la1', only: true });
    expect(await historyOf('la2')).toEqual(['POST link', 'POST erasures']);
  });
});

describe('the entry of a list', () => {
  const line = { type: 'subscription', account: 'a', tariff: 'small' };
  const send = (url: string, lines: readonly object[], headers = {}) =>
    api.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-ndjson', ...headers },
      payload: lines.map((one) => `${JSON.stringify(one)}\n`).join(''),
    });
  const last = async () => (await rig.books.audit.list({ limit: 1 }))[0];

  beforeEach(async () => {
    await rig.books.catalogue.addTariff({ name: 'small', volumeBytes: 1000n });
  });

  it.each(['import', 'reconcile'])('says, of %s, how many lines came to what', async (list) => {
    await send(`/v1/${list}`, [{ ...line, reference: 's1' }]);
    expect((await last())?.subject).toEqual({ created: 1, changed: 0, refused: 0 });
    const suspended = { ...line, reference: 's1', suspended: 'unpaid' };
    const other = { ...line, reference: 's2' };
    const wrong = Array.from({ length: 3 }, (_, n) => ({ ...line, reference: `w${n}`, tariff: 'none' }));
    const lines = [suspended, other, ...wrong];
    await send(`/v1/${list}?dryRun=true`, lines);
    expect((await last())?.subject).toEqual({ created: 1, changed: 1, refused: 3, dryRun: 1 });
    await send(`/v1/${list}`, lines);
    expect(await last()).toMatchObject({ route: `/v1/${list}`, status: 200, problem: null });
    expect((await last())?.subject).toEqual({ created: 1, changed: 1, refused: 3 });
  });

  it('says of a key whose lines are refused whose key it is, and how many', async () => {
    const writer = await addApiKey(rig, 'shop', ['admin']);
    await api.close();
    api = await apiOn(rig, 'key');
    const wrong = Array.from({ length: 100 }, (_, n) => ({ ...line, reference: `w${n}`, tariff: 'none' }));
    expect((await send('/v1/import', wrong, writer)).statusCode).toBe(200);
    expect(await last()).toMatchObject({ actorName: 'shop', subject: { refused: 100 } });
    expect(await rig.books.audit.list()).toHaveLength(1);
  });

  it('says so too, each time, where the list was cut short', async () => {
    const origin = { actor: { id: 'socket' }, method: 'POST', route: '/v1/import' };
    const figures = { created: 0, changed: 0, refused: 200 };
    for (let n = 0; n < 2; n++) {
      await rig.books.audit.refused({ ...origin, named: {}, figures }, 503, 'unavailable');
    }
    expect(await rig.books.audit.list()).toMatchObject([{ subject: figures }, { subject: figures }]);
  });
});
