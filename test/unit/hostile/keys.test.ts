import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashApiKey } from '../../../controller/north/access.ts';
import { type Operation, operationsOf } from '../../fuzz/operations.ts';
import { openShop, type Shop } from '../../fuzz/shop.ts';

// Over all routes that there are: a new one that asks for no key fails here.
const key = 'turnpike_known';
let shop: Shop;
let operations: Operation[];

beforeAll(async () => {
  shop = await openShop('key');
  await shop.rig().books.apiKeys.add({ name: 'backend', hash: hashApiKey(key), scopes: ['read'] });
  operations = await operationsOf(shop.api, { authorization: `Bearer ${key}` });
});

afterAll(() => shop.close());

/** With something in each place that is there. */
function ask({ method, path, body }: Operation, authorization?: string) {
  const pools = shop.pools();
  const url = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(pools[name]?.[0] ?? 'x')),
  );
  return shop.api.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(authorization !== undefined && { authorization }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && {
      payload: JSON.stringify({ reason: 'x', reference: 'x', name: 'x', bytes: '1' }),
    }),
  });
}

/** All that can be listed, as text. */
async function everything(): Promise<string> {
  const { catalogue, apiKeys } = shop.rig().books;
  const lists = [
    catalogue.listAccounts({}),
    catalogue.listTariffs({}),
    catalogue.listSubscriptions({}),
    catalogue.listDevices({}),
    catalogue.listNodes({}),
    catalogue.listGroups({}),
    apiKeys.list(),
  ];
  return JSON.stringify(await Promise.all(lists), (key, value: unknown) => {
    // That a key was used is noted.
    if (key === 'lastUsedDay') return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  });
}

it.each([
  ['without a key', undefined],
  ['with a key that is not known', 'Bearer turnpike_unknown'],
  ['with a key that is not written as one', `Basic ${key}`],
  ['with what would be SQL', "Bearer '/**/OR/**/1=1--"],
])('no route does anything %s', async (_what, authorization) => {
  expect(operations.length).toBeGreaterThan(40);
  const before = await everything();
  for (const operation of operations) {
    const answer = await ask(operation, authorization);
    expect([operation, answer.statusCode]).toEqual([operation, 401]);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
  }
  expect(await everything()).toBe(before);
});

it('a key that may only read changes nothing, whatever the route', async () => {
  const before = await everything();
  for (const operation of operations.filter(({ method }) => method.toUpperCase() !== 'GET')) {
    const answer = await ask(operation, `Bearer ${key}`);
    expect([operation, answer.statusCode]).toEqual([operation, 403]);
  }
  expect(await everything()).toBe(before);
});

it('no key reaches the keys, however the path is written', async () => {
  const before = await everything();
  const authorization = `Bearer ${key}`;
  for (const operation of operations.filter(({ path }) => path.startsWith('/v1/api-keys'))) {
    expect((await ask(operation, authorization)).statusCode).toBe(403);
  }
  for (const url of [
    '/v1/%61pi-keys',
    '/v1//api-keys',
    '/v1/api-keys/',
    '/V1/API-KEYS',
    '/v1/x/../api-keys',
  ]) {
    const answer = await shop.api.inject({ url, headers: { authorization } });
    expect([url, answer.statusCode]).toEqual([url, expect.toBeOneOf([403, 404])]);
  }
  expect(await everything()).toBe(before);
});
