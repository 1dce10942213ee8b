import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import { addApiKey, apiOn } from '../../test/unit/north-api.ts';
import type { Scope } from '../catalogue/api-key-scopes.ts';
import { hashApiKey } from './access.ts';
import type { Api } from './api.ts';

let rig: Rig;
let api: Api;
let subscription: string;
const firstKey = 'e6a1f7a2-6d0b-4f0a-9a51-7cf1d0c7a001';
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => {
  rig = await openRig();
  subscription = await rig.subscription();
  api = await makeApi('socket');
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await rig.books.close();
});

async function makeApi(trust: 'socket' | 'key'): Promise<Api> {
  const built = await apiOn(rig, trust);
  open.push(built);
  return built;
}

const addKey = (name: string, scopes: readonly Scope[], budgetBytes?: bigint) =>
  addApiKey(rig, name, scopes, budgetBytes);

type Headers = Record<string, string>;

const send = (on: Api, method: 'POST' | 'PATCH' | 'DELETE', url: string, body: object, headers: Headers) =>
  on.inject({ method, url, payload: body, headers });

const topUp = (headers: Headers, bytes = '1000', reference = `r${Math.random()}`, on = api) =>
  send(
    on,
    'POST',
    `/v1/subscriptions/${subscription}/adjustments`,
    { bytes, reason: 'x', reference },
    headers,
  );

const adjustments = async () => (await rig.books.catalogue.getSubscription(subscription)).adjustments.length;

describe('a change with an Idempotency-Key', () => {
  it('is made once, and answered the same', async () => {
    const body = { reference: 'customer' };
    const first = await send(api, 'POST', '/v1/accounts', body, { 'idempotency-key': firstKey });
    const second = await send(api, 'POST', '/v1/accounts', body, { 'idempotency-key': `"${firstKey}"` });
    expect(first.statusCode).toBe(201);
    expect(second.statusCode).toBe(201);
    expect(second.json()).toEqual(first.json());
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect((await send(api, 'POST', '/v1/accounts', body, {})).statusCode).toBe(409);
  });

  it('is the same in whatever order its body stands, and another one with anything else', async () => {
    const url = `/v1/subscriptions/${subscription}/adjustments`;
    const key = { 'idempotency-key': firstKey };
    await send(api, 'POST', url, { bytes: '5', reason: 'x', reference: 'a' }, key);
    const turned = await send(api, 'POST', url, { reference: 'a', reason: 'x', bytes: '5' }, key);
    expect(turned.headers['idempotency-replayed']).toBe('true');
    const other = await send(api, 'POST', url, { bytes: '6', reason: 'x', reference: 'a' }, key);
    expect(other.statusCode).toBe(422);
    expect(other.json().type).toBe('urn:turnpike:problem:idempotency-reused');
    const elsewhere = await send(api, 'POST', '/v1/accounts', { reference: 'a' }, key);
    expect(elsewhere.statusCode).toBe(422);
    expect(await adjustments()).toBe(1);
  });

  it('that is refused may be tried again with it', async () => {
    const key = { 'idempotency-key': firstKey };
    const create = () => send(api, 'POST', '/v1/subscriptions', { account: 'late', tariff: 'tariff-1' }, key);
    expect((await create()).statusCode).toBe(404);
    await rig.books.catalogue.addAccount({ reference: 'late' });
    expect((await create()).statusCode).toBe(201);
  });

  it('that is at work is not begun again', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { addAccount } = rig.books.catalogue;
    const slow = vi.spyOn(rig.books.catalogue, 'addAccount').mockImplementation(async (input) => {
      await held;
      return addAccount(input);
    });
    const once = () =>
      send(api, 'POST', '/v1/accounts', { reference: 'slow' }, { 'idempotency-key': firstKey });
    const first = once();
    await vi.waitFor(() => expect(slow).toHaveBeenCalled());
    const second = await once();
    expect(second.statusCode).toBe(409);
    expect(second.json().type).toBe('urn:turnpike:problem:idempotency-in-flight');
    release();
    expect((await first).statusCode).toBe(201);
    expect((await once()).headers['idempotency-replayed']).toBe('true');
  });

  it('is forgotten after a day', async () => {
    const key = { 'idempotency-key': firstKey };
    const first = await topUp(key, '1000', 'a');
    rig.clock.pass(24 * 3600_000 - 1);
    expect((await topUp(key, '1000', 'a')).json()).toEqual(first.json());
    rig.clock.pass(1);
    expect((await topUp(key, '1000', 'b')).headers).not.toHaveProperty('idempotency-replayed');
    expect(await adjustments()).toBe(2);
  });

  it('gives the private key again to who has the Idempotency-Key and the API key, and to nobody else', async () => {
    const tcp = await makeApi('key');
    const headers = { ...(await addKey('bot', ['subscriptions'])), 'idempotency-key': firstKey };
    const other = { ...(await addKey('other', ['subscriptions'])), 'idempotency-key': firstKey };
    const add = (who: Headers) => send(tcp, 'POST', '/v1/devices', { subscription }, who);
    const first = (await add(headers)).json();
    expect(first.privateKey).toMatch(/=$/);
    expect((await add(headers)).json()).toEqual(first);
    expect((await add(other)).json().device.id).not.toBe(first.device.id);
    await rig.books.apiKeys.rotate('bot', { hash: hashApiKey('turnpike_new'), overlapSeconds: 60 });
    const rotated = await add({ ...headers, authorization: 'Bearer turnpike_new' });
    expect(rotated.statusCode).toBe(409);
    expect(rotated.json().type).toBe('urn:turnpike:problem:idempotency-sealed');
  });

  it('takes a key that can be random only', async () => {
    for (const key of ['1', 'order number 4711 of today']) {
      const answer = await topUp({ 'idempotency-key': key });
      expect(answer.statusCode).toBe(400);
      expect(answer.json().detail).toContain('idempotency-key must be 16 to 200 printable characters');
    }
  });

  it('waits for what follows it after it is durable, and keeps what came of it', async () => {
    await topUp({}, '5000', 'paid');
    const refund = () =>
      send(
        api,
        'POST',
        `/v1/subscriptions/${subscription}/refunds`,
        { bytes: '100', reason: 'x', reference: 'back' },
        { 'idempotency-key': firstKey },
      );
    const first = await refund();
    expect(first.json()).toMatchObject({ bytes: '-100', pending: false });
    expect((await refund()).json()).toEqual(first.json());
    expect(await adjustments()).toBe(2);
  });

  it('leaves the event of a limit that was reached', async () => {
    const limited = await rig.subscription({ maxDevices: 1 });
    await rig.device(limited);
    const refused = await send(
      api,
      'POST',
      '/v1/devices',
      { subscription: limited },
      { 'idempotency-key': firstKey },
    );
    expect(refused.json().type).toBe('urn:turnpike:problem:exhausted');
    expect(await rig.books.catalogue.listEvents({ type: 'device.limit' })).toHaveLength(1);
  });
});

describe('a change with If-Match', () => {
  const url = () => `/v1/subscriptions/${subscription}`;
  const read = async (path = url()) => String((await api.inject(path)).headers['etag']);

  it('is made while the thing is as it was read', async () => {
    const etag = await read();
    const first = await send(api, 'PATCH', url(), { expires: '2030-01-01' }, { 'if-match': etag });
    expect(first.statusCode).toBe(200);
    expect(first.headers['etag']).toBe(await read());
    expect(first.headers['etag']).not.toBe(etag);
    const second = await send(api, 'PATCH', url(), { expires: '2031-01-01' }, { 'if-match': etag });
    expect(second.statusCode).toBe(412);
    expect(second.json().type).toBe('urn:turnpike:problem:precondition-failed');
    expect((await api.inject(url())).json().expiresAt).toBe('2030-01-01T00:00:00.000Z');
    const any = await send(api, 'PATCH', url(), { expires: null }, { 'if-match': '"x", *' });
    expect(any.statusCode).toBe(200);
  });

  it('is not stopped by what comes by itself, such as usage', async () => {
    const etag = await read();
    await topUp({}, '5000');
    await rig.device(subscription);
    expect(await read()).toBe(etag);
    await rig.books.catalogue.suspend(subscription, { reason: 'x' });
    expect(await read()).not.toBe(etag);
  });

  it.each([
    ['tariff', '/v1/tariffs/tariff-1', { maxDevices: 3 }],
    ['group', '/v1/groups/default', { mtu: 1400 }],
    ['node', '/v1/nodes/a', { name: 'b' }],
    ['device', '', { label: 'phone' }],
  ] as const)('works on a %s, also where its name is changed', async (_kind, given, body) => {
    await rig.node('a', { connected: false });
    const path = given === '' ? `/v1/devices/${await rig.device(subscription)}` : given;
    const etag = await read(path);
    const changed = await send(api, 'PATCH', path, body, { 'if-match': etag });
    expect(changed.statusCode).toBe(200);
    expect(changed.headers['etag']).not.toBe(etag);
    const again = await send(api, 'PATCH', path, body, { 'if-match': etag });
    expect([404, 412]).toContain(again.statusCode);
  });

  it('is told where there is nothing to compare', async () => {
    const answer = await topUp({ 'if-match': '*' });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toBe('this request takes no If-Match');
    expect(await adjustments()).toBe(0);
  });
});

describe('the budget of a support desk', () => {
  it('is what its top-ups may add, ever; retries count once', async () => {
    const tcp = await makeApi('key');
    const desk = await addKey('desk', ['support'], 1500n);
    const once = { ...desk, 'idempotency-key': firstKey };
    expect((await topUp(once, '1000', 'a', tcp)).statusCode).toBe(201);
    expect((await topUp(once, '1000', 'a', tcp)).statusCode).toBe(201);
    const beyond = await topUp(desk, '501', 'b', tcp);
    expect(beyond.statusCode).toBe(409);
    expect(beyond.json()).toMatchObject({
      type: 'urn:turnpike:problem:exhausted',
      detail: expect.stringContaining('may sell 1500 bytes in all, of which 500 are left'),
      budgetBytes: '1500',
      leftBytes: '500',
    });
    expect((await topUp(desk, '500', 'b', tcp)).statusCode).toBe(201);
    expect(await adjustments()).toBe(2);
    expect(await rig.books.apiKeys.get('desk')).toMatchObject({ soldBytes: 1500n });
  });

  it('is nothing unless it was given one; a billing backend needs none', async () => {
    const tcp = await makeApi('key');
    expect((await topUp(await addKey('desk', ['support']), '1', 'a', tcp)).statusCode).toBe(409);
    expect((await topUp(await addKey('billing', ['subscriptions']), '1', 'a', tcp)).statusCode).toBe(201);
  });
});
