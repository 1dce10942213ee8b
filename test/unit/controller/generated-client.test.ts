import { readdir, readFile } from 'node:fs/promises';
import createClient, { type Client } from 'openapi-fetch';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { paths, Subscription } from '../../../controller/cli/gen/api.ts';
import { openapiText } from '../../../controller/north/openapi-document.ts';
import { type RunningController, startController } from './rig.ts';

/**
 * A billing backend in TypeScript: the types generated from the API's description, and openapi-fetch on top of them.
 * What does not fit the description does not compile.
 */
describe('a generated client on the real server', { timeout: 60_000 }, () => {
  let controller: RunningController;
  let api: Client<paths, 'application/json' | 'application/problem+json'>;

  beforeAll(async () => {
    controller = await startController({ api: 'listen = "127.0.0.1:0"' });
    const { turnpike, ports } = controller;
    await turnpike.text('tariff', 'add', 'monthly', '--volume', '50GB', '--max-devices', '2');
    const { key } = await turnpike.json('api-key', 'add', 'billing', '--scopes', 'subscriptions');
    api = createClient({
      baseUrl: `http://127.0.0.1:${ports.api}`,
      headers: { authorization: `Bearer ${key}` },
    });
  });

  afterAll(() => controller.stop());

  const at = (subscription: string) => ({ params: { path: { subscription } } });

  it('sells, adds a device, tops up and reads usage', async () => {
    await api.POST('/v1/accounts', { body: { reference: 'customer' } });
    const sold = await api.POST('/v1/subscriptions', { body: { account: 'customer', tariff: 'monthly' } });
    expectTypeOf(sold.data).toEqualTypeOf<Subscription | undefined>();
    const id = sold.data?.id ?? '';
    const added = await api.POST('/v1/devices', { body: { subscription: id, label: 'phone' } });
    expect(added.data?.privateKey).toMatch(/=$/);
    const pack = await api.POST('/v1/subscriptions/{subscription}/adjustments', {
      ...at('customer'),
      body: { bytes: '10000000000', reason: 'purchase', reference: 'invoice 1' },
    });
    expect(pack.data).toMatchObject({ kind: 'top-up', leftBytes: '10000000000', expiresAt: null });
    const usage = await api.GET('/v1/usage', { params: { query: { subscription: 'customer' } } });
    expect(usage.data).toMatchObject({ subscriptionId: id, volumeBytes: '60000000000', usedBytes: '0' });
  });

  it('gets the same answer for the same Idempotency-Key', async () => {
    const header = { 'idempotency-key': crypto.randomUUID() };
    const add = () => api.POST('/v1/devices', { params: { header }, body: { subscription: 'customer' } });
    const [first, again] = [await add(), await add()];
    expect(again.data).toEqual(first.data);
    expect(again.response.headers.get('idempotency-replayed')).toBe('true');
  });

  it('changes what it has read, unless somebody else did meanwhile', async () => {
    const read = await api.GET('/v1/subscriptions/{subscription}', at('customer'));
    const set = (expires: string) =>
      api.PATCH('/v1/subscriptions/{subscription}', {
        params: {
          path: { subscription: 'customer' },
          header: { 'if-match': read.response.headers.get('etag') ?? '' },
        },
        body: { expires },
      });
    const year = new Date().getUTCFullYear() + 1;
    expect((await set(`${year}-12-31`)).data?.expiresAt).toBe(`${year}-12-31T00:00:00.000Z`);
    expect((await set(`${year}-12-30`)).error?.type).toBe('urn:turnpike:problem:precondition-failed');
  });

  it('reads lists page by page, with a limit or without', async () => {
    await api.POST('/v1/accounts', { body: { reference: 'other' } });
    const first = await api.GET('/v1/accounts', { params: { query: { limit: 1 } } });
    expect(first.data?.items.map(({ reference }) => reference)).toEqual(['customer']);
    const cursor = first.data?.next ?? '';
    const second = await api.GET('/v1/accounts', { params: { query: { cursor } } });
    expect(second.data?.items.map(({ reference }) => reference)).toEqual(['other']);
    expect(second.data?.next).toBeNull();
  });

  it('gets problem documents as typed errors', async () => {
    const { data, error, response } = await api.POST('/v1/accounts', { body: { reference: 'customer' } });
    expect(data).toBeUndefined();
    expect(response.status).toBe(409);
    expect(error).toMatchObject({ type: 'urn:turnpike:problem:conflict', status: 409 });
    const { error: missing } = await api.POST('/v1/tariffs', { body: { name: 'x', volumeBytes: null } });
    expect(missing).toMatchObject({ type: 'urn:turnpike:problem:insufficient-scope', scope: 'admin' });
  });
});

/** The CLI puts the private key in on its own side, and asks for the text without it. */
const withoutVerb = ['POST /v1/devices/{device}/config'];

it('every operation of the API has a verb', async () => {
  const directory = 'controller/cli';
  const names = (await readdir(directory)).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
  );
  const text = (await Promise.all(names.map((name) => readFile(`${directory}/${name}`, 'utf8')))).join('\n');
  // As it would be without line breaks.
  const source = text.replaceAll(/\(\s+/g, '(');
  const { paths } = JSON.parse(await openapiText()) as { paths: Record<string, object> };
  const missing = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .map((method) => method.toUpperCase())
      .filter((method) => !source.includes(`${method}('${path}'`))
      .map((method) => `${method} ${path}`),
  );
  expect(missing).toEqual(withoutVerb);
});
