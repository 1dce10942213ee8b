import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import { addApiKey, apiOn } from '../../test/unit/north-api.ts';
import type { Api } from '../north/api.ts';
import { mostSubjects } from './attempts.ts';

let directory: string;
let path: string;
let rig: Rig;
let api: Api;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-audit-'));
  path = join(directory, 'turnpike.db');
  rig = await openRig({ path });
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

const list = () => rig.books.audit.list();
const post = (url: string, payload: object, headers = {}) =>
  api.inject({ method: 'POST', url, payload, headers });

/** Writes to the file as somebody would who is not the controller; the controller comes back after. */
async function tamper(sql: string): Promise<void> {
  await rig.books.close();
  const database = new DatabaseSync(path);
  database.exec('DROP TRIGGER audit_is_not_changed');
  database.exec(sql);
  database.close();
  rig = await openRig({ path });
}

describe('the audit log', () => {
  beforeEach(async () => {
    api = await apiOn(rig, 'socket');
  });
  afterEach(() => api.close());

  it('holds each change with who made it, to what, and what came of it', async () => {
    const { id } = (await post('/v1/accounts', { reference: 'customer-4711' })).json();
    await rig.books.catalogue.addTariff({ name: 'small', volumeBytes: 1000n });
    const body = { account: 'customer-4711', tariff: 'small' };
    const subscription = (await post('/v1/subscriptions', body)).json();
    await post(`/v1/subscriptions/customer-4711/suspend`, { reason: 'unpaid' });
    const ofCustomer = { account: id, subscription: subscription.id };
    expect(await list()).toMatchObject([
      {
        route: '/v1/subscriptions/:subscription/suspend',
        actor: 'socket',
        status: 200,
        problem: null,
        subject: ofCustomer,
      },
      {
        method: 'POST',
        route: '/v1/subscriptions',
        subject: { ...ofCustomer, tariff: expect.stringMatching(/^tar_/) },
      },
      { method: 'POST', route: '/v1/accounts', status: 201, subject: { account: id } },
    ]);
    expect(await rig.books.audit.list({ account: 'customer-4711' })).toHaveLength(3);
    expect(await rig.books.audit.verify()).toMatchObject({ whole: true, entries: 3 });
  });

  it('holds what was refused, and of it nothing that the caller wrote', async () => {
    await post('/v1/subscriptions', { account: 'Jane Doe, jane@example.net', tariff: 'none' });
    await post('/v1/accounts/Jane%20Doe/suspend', { reason: 'Jane asked' });
    await post('/v1/accounts', { reference: 'x', note: 'Jane' });
    const entries = await list();
    expect(entries.map(({ problem }) => problem)).toEqual(['invalid', 'not-found', 'not-found']);
    expect(JSON.stringify(entries)).not.toMatch(/jane/i);
  });

  it('holds who was not allowed to look, and who looked at what is secret', async () => {
    const device = await rig.device(await rig.subscription());
    await rig.node('a');
    const tcp = await apiOn(rig, 'key');
    const reader = await addApiKey(rig, 'reader', ['read']);
    const desk = await addApiKey(rig, 'desk', ['support']);
    const url = `/v1/devices/${device}/config?node=a`;
    expect((await tcp.inject({ url, headers: reader })).statusCode).toBe(403);
    expect((await tcp.inject({ url })).statusCode).toBe(401);
    await tcp.inject({ url, headers: desk });
    expect(await list()).toMatchObject([
      { actorName: 'desk', problem: null, subject: { device } },
      { actor: 'unknown', status: 401, problem: 'unauthenticated' },
      { actorName: 'reader', status: 403, problem: 'insufficient-scope', subject: { device } },
    ]);
    await tcp.close();
  });

  it('never holds a secret', async () => {
    const subscription = await rig.subscription();
    const device = (await post('/v1/devices', { subscription })).json();
    const key = (await post('/v1/api-keys', { name: 'bot', scopes: ['read'] })).json();
    const node = (await post('/v1/nodes', { name: 'a', endpoint: 'a.example.net:51820' })).json();
    const hook = (await post('/v1/webhooks', { url: 'https://example.net/' })).json();
    const secrets = [device.privateKey, key.key, node.token, hook.secret];
    expect(secrets.every((secret) => typeof secret === 'string' && secret.length > 20)).toBe(true);
    const text = JSON.stringify(await list());
    expect(text).toContain(device.device.id);
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  it('is in one transaction with the change: a log that cannot be written lets nothing through', async () => {
    await api.close();
    await tamper("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT raise(ABORT, 'full'); END");
    api = await apiOn(rig, 'socket');
    expect((await post('/v1/accounts', { reference: 'a' })).statusCode).toBeGreaterThanOrEqual(500);
    expect(await rig.books.catalogue.listAccounts()).toEqual([]);
  });

  it('holds a change once, however often it is sent', async () => {
    const headers = { 'idempotency-key': 'e6a1f7a2-6d0b-4f0a-9a51-7cf1d0c7a001' };
    await post('/v1/accounts', { reference: 'a' }, headers);
    await post('/v1/accounts', { reference: 'a' }, headers);
    expect(await list()).toHaveLength(1);
  });

  it('counts what is refused again within a minute, so that knocking does not fill the disk', async () => {
    const tcp = await apiOn(rig, 'key');
    for (let n = 0; n < 50; n++) await tcp.inject({ url: '/v1/accounts' });
    await rig.books.audit.settleAttempts();
    expect(await list()).toHaveLength(1);
    rig.clock.pass(60_000);
    await rig.books.audit.settleAttempts();
    await rig.books.audit.settleAttempts();
    expect((await list()).map(({ times }) => times)).toEqual([49, 1]);
    await tcp.close();
  });

  it('keeps refused attempts on different things apart, and counts those on the same', async () => {
    const ofAccount: Record<string, string> = {};
    for (const reference of ['a', 'b']) {
      const { id } = await rig.books.catalogue.addAccount({ reference });
      ofAccount[reference] = id;
    }
    const refuse = (account: string) => post(`/v1/accounts/${account}/resume`, {});
    for (const account of ['a', 'b', 'a', ofAccount['a'] as string, 'c', 'd']) await refuse(account);
    const times = async (account: string) =>
      (await rig.books.audit.list({ account })).map((one) => one.times);
    expect([await times('a'), await times('b'), (await list()).length]).toEqual([[1], [1], 3]);
    rig.clock.pass(60_000);
    await rig.books.audit.settleAttempts();
    expect([await times('a'), await times('b')]).toEqual([[2, 1], [1]]);
    // Names that are of nothing are one attempt, however many there are.
    expect((await list()).map((one) => [one.times, one.subject])).toContainEqual([1, {}]);
    expect(await list()).toHaveLength(5);
    expect(await rig.books.audit.verify()).toMatchObject({ whole: true });
  });

  it('says of attempts on an account that was erased since only that they were', async () => {
    await rig.books.catalogue.addAccount({ reference: 'a' });
    for (let n = 0; n < 3; n++) await post('/v1/accounts/a/resume', {});
    await rig.books.privacy.erase('a');
    rig.clock.pass(60_000);
    await rig.books.audit.settleAttempts();
    expect(await list()).toMatchObject([
      { times: 2, subject: {}, erased: false },
      { times: 1, subject: {}, erased: true },
    ]);
  });

  it('counts attempts on more things than many together, so that trying all does not fill the disk', async () => {
    const many = mostSubjects + 20;
    for (let n = 0; n < many; n++) await rig.books.catalogue.addAccount({ reference: `a${n}` });
    for (let n = 0; n < many; n++) await post(`/v1/accounts/a${n}/resume`, {});
    expect(await list()).toHaveLength(mostSubjects + 1);
    rig.clock.pass(60_000);
    await rig.books.audit.settleAttempts();
    expect((await list())[0]).toMatchObject({ times: 19, subject: {} });
    for (let n = 0; n < many; n++) await post(`/v1/accounts/a${n}/resume`, {});
    expect(await list()).toHaveLength(2 * (mostSubjects + 1) + 1);
  });

  it('does not hold what a body names that the route does not ask for', async () => {
    const { id } = await rig.books.catalogue.addAccount({ reference: 'a' });
    const subscription = await rig.subscription();
    const url = `/v1/subscriptions/${subscription}/cancel`;
    expect((await post(url, { reason: 'x', account: 'a' })).statusCode).toBe(400);
    expect((await post('/v1/hold/release', { account: 'a' })).statusCode).toBe(400);
    const entries = await list();
    expect(entries).toMatchObject([{ subject: {} }, { subject: { subscription } }]);
    expect(JSON.stringify(entries)).not.toContain(id);
  });
});

describe('the chain', () => {
  const change = (account: string) =>
    rig.books.audit.done(
      { actor: { id: 'socket' }, method: 'POST', route: '/v1/x', named: { account } },
      200,
      [],
    );

  beforeEach(async () => {
    for (const reference of ['a', 'b', 'c', 'd']) await rig.books.catalogue.addAccount({ reference });
    for (const account of ['a', 'b', 'c', 'd']) await change(account);
  });

  it.each([
    ["UPDATE audit SET actor = 'key_x' WHERE id = 2", 'entry 2 is not as it was written'],
    ['UPDATE audit SET at = at + 1 WHERE id = 3', 'entry 3 is not as it was written'],
    [
      'UPDATE audit SET sealed = (SELECT sealed FROM audit WHERE id = 1) WHERE id = 2',
      'entry 2 is not as it',
    ],
    ['DELETE FROM audit WHERE id = 2', 'entry 2 is missing'],
    ['DELETE FROM audit WHERE id = 1', 'entry 1 is missing'],
    [
      'UPDATE audit_anchor SET entry_id = 2, hash = (SELECT hash FROM audit WHERE id = 2); DELETE FROM audit WHERE id <= 2',
      'the beginning was cut off',
    ],
  ])('shows %s', async (sql, trouble) => {
    expect(await rig.books.audit.verify()).toMatchObject({ whole: true, entries: 4 });
    await tamper(sql);
    const verdict = await rig.books.audit.verify();
    expect(verdict.whole).toBe(false);
    expect(verdict.trouble).toContain(trouble);
  });

  it.each([
    ["UPDATE audit SET actor = 'key_x' WHERE id = 3", false],
    ['DELETE FROM audit WHERE id = 3', false],
    ['DELETE FROM audit WHERE id = 1', false],
    ['DELETE FROM audit', true],
    // Before the latest two, and what they are chained to.
    ["UPDATE audit SET actor = 'key_x' WHERE id = 1", true],
  ])('of which the latest entries alone are looked at: after %s they are whole: %s', async (sql, whole) => {
    const latest = 2;
    expect(await rig.books.audit.isLatestWhole(latest)).toBe(true);
    expect(await rig.books.audit.isLatestWhole(100)).toBe(true);
    await tamper(sql);
    expect(await rig.books.audit.isLatestWhole(latest)).toBe(whole);
  });

  it('whose latest entries are all that there are begins where it says', async () => {
    await tamper("UPDATE audit SET actor = 'key_x' WHERE id = 1");
    expect(await rig.books.audit.isLatestWhole(4)).toBe(false);
    expect(await rig.books.audit.isLatestWhole(3)).toBe(true);
  });

  it('whose end was cut off is shown by what was noted of it elsewhere', async () => {
    const { head } = await rig.books.audit.verify();
    await change('a');
    expect(await rig.books.audit.verify(head)).toMatchObject({ whole: true });
    await tamper('DELETE FROM audit WHERE id >= 4');
    expect(await rig.books.audit.verify()).toMatchObject({ whole: true });
    expect(await rig.books.audit.verify(head)).toMatchObject({
      whole: false,
      trouble: 'entry 4 is not the one that was noted',
    });
  });

  it('cannot be changed through the controller’s own connection', async () => {
    await rig.books.close();
    const database = new DatabaseSync(path);
    expect(() => database.exec('UPDATE audit SET times = 2')).toThrow('only added to');
    database.close();
    rig = await openRig({ path });
  });
});
