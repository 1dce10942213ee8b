import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair } from '../../../common/wireguard-key.ts';
import { cursorOf } from '../../../controller/catalogue/cursor.ts';
import { hashApiKey } from '../../../controller/north/access.ts';
import { confinable, routes } from '../../../controller/north/routes/routes.ts';
import { type Operation, operationsOf } from '../../fuzz/operations.ts';
import { openShop, type Shop } from '../../fuzz/shop.ts';
import { TestNode } from '../books/rig.ts';

// Over all routes that there are, with a key that is confined to the tag "own": what others have is marked "foreign".
const key = 'turnpike_reseller';
const authorization = `Bearer ${key}`;
const foreignKey = generateWireguardKeyPair().publicKey;
let shop: Shop;
let operations: Operation[];
/** Names and ids of what others have, by the parameters that can hold them. */
let foreign: Record<string, string[]>;

beforeAll(async () => {
  shop = await openShop('key');
  const { catalogue, apiKeys } = shop.rig().books;
  await apiKeys.add({ name: 'reseller', hash: hashApiKey(key), scopes: ['subscriptions'], tag: 'own' });
  await catalogue.addAccount({ reference: 'own-account', tag: 'own' });
  await catalogue.addTariff({ name: 'foreign-size', volumeBytes: 1000n });
  const { id: account } = await catalogue.addAccount({ reference: 'foreign-account', tag: 'other' });
  const { id } = await catalogue.createSubscription({
    ...{ account, tariff: 'tariff-1', reference: 'foreign-contract' },
  });
  const { device } = await catalogue.addDevice({
    subscription: id,
    label: 'foreign-phone',
    publicKey: foreignKey,
  });
  const adjustment = await catalogue.topUp(id, { bytes: 5n, reason: 'foreign', reference: 'foreign' });
  await catalogue.suspend(id, { reason: 'foreign' });
  await catalogue.resume(id);
  await catalogue.addGroup({ name: 'foreign-group' });
  await catalogue.addNode({
    name: 'foreign-node',
    endpoint: 'foreign.example.net:1',
    group: 'foreign-group',
  });
  const others = await catalogue.addAccount({ reference: 'foreign-untagged' });
  const untagged = others.id;
  foreign = {
    account: [account, 'foreign-account', untagged, 'foreign-untagged'],
    subscription: [id, 'foreign-contract', 'foreign-account', account],
    device: [device.id],
    adjustment: [adjustment.id],
    id: [id, device.id, 'foreign-contract', 'foreign-account'],
    cursor: [account, id, device.id, cursorOf('accounts', others), cursorOf('devices', device)],
    node: ['fra-1', 'foreign-node'],
    tariff: ['tariff-1'],
  };
  operations = await operationsOf(shop.api, { authorization });
});

afterAll(() => shop.close());

/** All that others have, as it is. */
async function everything(): Promise<string> {
  const { catalogue, apiKeys } = shop.rig().books;
  const lists = [
    catalogue.listAccounts().then((all) => all.filter(({ tag }) => tag !== 'own')),
    ...[catalogue.listTariffs(), catalogue.listSubscriptions()],
    ...[catalogue.listDevices(), catalogue.listNodes(), catalogue.listGroups(), catalogue.listEvents()],
    catalogue.getSubscription('foreign-contract'),
    apiKeys.list(),
  ];
  return JSON.stringify(await Promise.all(lists), (name, value: unknown) => {
    if (name === 'lastUsedDay') return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  });
}

/** What a caller knows of a field: where it names something, all that is somebody else's. */
function valuesFor(name: string): (string | undefined)[] {
  return foreign[name] ?? [undefined];
}

function bodyFor({ path, body }: Operation, account: string, subscription: string): object | undefined {
  if (body === undefined) return undefined;
  const all: Record<string, unknown> = {
    ...{ account, subscription, with: account, reason: 'x', reference: 'mine', node: 'fra-1', bytes: '1' },
    ...{ tariff: 'tariff-1', label: 'x', until: '2030-01-01', expires: '2030-01-01' },
  };
  if (path.endsWith('/renewals')) delete all['expires'];
  const properties = Object.keys((body as { properties?: object }).properties ?? {});
  return Object.fromEntries(properties.filter((name) => name in all).map((name) => [name, all[name]]));
}

/** Every operation with every foreign name in its path, query and body. */
function* attempts(): Generator<{
  operation: Operation;
  method: string;
  url: string;
  body: object | undefined;
}> {
  for (const operation of operations) {
    const { method, path, query } = operation;
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const spots = names.length > 0 ? valuesFor(names[0] ?? '') : [undefined];
    const asked = Object.keys(query).flatMap((name) =>
      valuesFor(name).flatMap((one) => (one === undefined ? [] : `?${name}=${encodeURIComponent(one)}`)),
    );
    if (asked.length === 0 || names.length === 0) asked.push('');
    for (const spot of spots) {
      const url = path.replace(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent((name === names[0] ? spot : valuesFor(name)[0]) ?? 'x'),
      );
      for (const search of asked) {
        for (const [n, account] of (foreign['account'] ?? []).entries()) {
          const body = bodyFor(operation, account, foreign['subscription']?.[n] ?? '');
          yield { operation, method, url: url + search, body };
          if (body === undefined) break;
        }
      }
    }
  }
}

const send = (method: string, url: string, body?: object) =>
  shop.api.inject({
    ...{ method: method as 'GET', url },
    headers: { authorization, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  });

/** What an answer tells of others. What the caller said itself is no news. */
function leaks(text: string, said: string): string[] {
  const marks = [...new Set(Object.values(foreign).flat()), foreignKey, 'foreign', 'customer 1'];
  return marks.filter(
    (mark) =>
      !['fra-1', 'tariff-1'].includes(mark) &&
      text.replaceAll('foreign-size', '').includes(mark) &&
      !said.includes(mark),
  );
}

it('a key that is confined to a tag sees and changes nothing of others, by any route and any name', async () => {
  const before = await everything();
  let made = 0;
  for (const { operation, method, url, body } of attempts()) {
    const answer = await send(method, url, body);
    made += 1;
    const said = decodeURIComponent(url) + JSON.stringify(body ?? '');
    expect([operation.method, url, leaks(answer.body, said)]).toEqual([operation.method, url, []]);
    expect([operation.method, url, answer.statusCode]).not.toEqual([operation.method, url, 500]);
    if (/\{(account|subscription|device|id)\}/.test(operation.path)) {
      expect([method, url, answer.statusCode]).toEqual([method, url, expect.toBeOneOf([403, 404])]);
    }
  }
  expect(made).toBeGreaterThan(150);
  expect(await everything()).toBe(before);
}, 60_000);

it('every route that it may not use says so, and every other one was walked', () => {
  const all = Object.entries(routes).flatMap(([scope, list]) => list.map((route) => ({ scope, route })));
  for (const { scope, route } of all) {
    if (!confinable.has(route)) continue;
    expect([scope, route.name]).toEqual([expect.toBeOneOf(['read', 'support', 'subscriptions']), route.name]);
  }
  expect(operations.length).toBe(all.length);
});

describe('lists by a confined key', () => {
  const lines = (...all: object[]) => all.map((line) => JSON.stringify(line)).join('\n');
  const post = (url: string, payload: string) =>
    shop.api.inject({
      ...{ method: 'POST', url, payload },
      headers: { authorization, 'content-type': 'application/x-ndjson' },
    });

  it('neither change nor tell what others have, and their references are taken', async () => {
    const before = await everything();
    const [subscription = ''] = foreign['subscription'] ?? [];
    const line = { type: 'subscription', account: 'own-account', tariff: 'tariff-1', expires: '2030-01-01' };
    for (const dryRun of [true, false]) {
      const answer = await post(
        `/v1/import?dryRun=${dryRun}`,
        lines(
          { ...line, reference: null, id: subscription },
          { ...line, reference: 'y', id: subscription },
          { ...line, reference: 'z', account: foreign['account']?.[0] },
          { type: 'device', subscription: 'foreign-contract', publicKey: foreignKey, label: 'x' },
          { type: 'device', subscription, publicKey: foreignKey },
        ),
      );
      expect(answer.json()).toMatchObject({ lines: 5, refused: 5 });
    }
    const taken = await post(
      '/v1/import',
      lines(
        { ...line, reference: 'foreign-contract' },
        { ...line, reference: 'x', account: 'foreign-account' },
      ),
    );
    expect(taken.json()).toMatchObject({ refused: 2 });
    expect(leaks(taken.body, 'foreign-contract foreign-account')).toEqual([]);
    expect(await everything()).toBe(before);
  });

  it('hold what is its own alone, and leave what others have out of what is extra', async () => {
    const own = {
      type: 'subscription',
      reference: 'own-contract',
      account: 'own-account-2',
      tariff: 'tariff-1',
      expires: null,
    };
    expect((await post('/v1/import', lines(own))).json()).toMatchObject({ subscriptions: { created: 1 } });
    const { catalogue } = shop.rig().books;
    expect(await catalogue.getAccount('own-account-2')).toMatchObject({ tag: 'own' });
    const exported = (await send('GET', '/v1/export')).body.trim().split('\n');
    expect(exported.map((line) => JSON.parse(line).reference)).toEqual(['own-contract']);
    const answer = await post('/v1/reconcile?suspendExtra=true', lines({ ...own, reference: 'own-other' }));
    expect(answer.json()).toMatchObject({ extra: 1, suspended: 1 });
    expect((await catalogue.getSubscription('foreign-contract')).access.reasons).toEqual([]);
    for (const path of ['/v1/accounts', '/v1/subscriptions', '/v1/devices', '/v1/events']) {
      expect([path, leaks((await send('GET', path)).body, '')]).toEqual([path, []]);
    }
  });
});

it('a key with a tag sees the nodes that its customers use, and of these nothing of other customers', async () => {
  const { books } = shop.rig();
  const add = {
    tariff: 'tariff-1',
    account: (await books.catalogue.addAccount({ reference: 'own-2', tag: 'own' })).id,
  };
  const list = async () => (await send('GET', '/v1/nodes')).json();
  const own = await books.catalogue.createSubscription(add);
  const { device } = await books.catalogue.addDevice({ subscription: own.id });
  const node = await TestNode.enrol(books, 'fra-1');
  await node.hello();
  const [foreignDevice = ''] = foreign['device'] ?? [];
  const refused = [foreignDevice, device.id, own.id, foreign['subscription']?.[0] ?? ''];
  await books.register.applied(
    node.identity,
    1n,
    refused.map((id) => ({ id, reason: 'x' })),
  );
  for (const id of [foreignDevice, device.id]) await node.presence(id, { connected: true });
  const seen = { name: 'fra-1', connectedDevices: 1, refusals: [{ id: device.id }, { id: own.id }] };
  expect(await list()).toMatchObject({ items: [seen], next: null });
  expect((await send('GET', '/v1/nodes/fra-1')).json()).toMatchObject(seen);
  expect((await send('GET', '/v1/nodes/foreign-node')).statusCode).toBe(404);
  expect(await books.catalogue.getNode('fra-1')).toMatchObject({ connectedDevices: 2 });
  await books.catalogue.cancelSubscription(own.id, { reason: 'over' });
  for (const { id } of (await send('GET', '/v1/subscriptions')).json().items) {
    if (id !== own.id) await books.catalogue.cancelSubscription(id, { reason: 'over' });
  }
  expect(await list()).toMatchObject({ items: [] });
});

it('accounts with different tags cannot be linked, and a linked account keeps its tag', async () => {
  const { catalogue } = shop.rig().books;
  await expect(catalogue.linkAccounts('own-account', 'foreign-account')).rejects.toMatchObject({
    code: 'conflict',
  });
  await catalogue.addAccount({ reference: 'own-twin', tag: 'own' });
  await catalogue.linkAccounts('own-account', 'own-twin');
  await expect(catalogue.setAccount('own-twin', { tag: 'other' })).rejects.toMatchObject({
    code: 'conflict',
  });
  await catalogue.unlinkAccount('own-twin');
  expect(await catalogue.setAccount('own-twin', { tag: null })).toMatchObject({ tag: null });
  expect((await send('GET', '/v1/accounts/own-twin')).statusCode).toBe(404);
});

it('a key with a tag has no scope that is about all customers, and adds nothing under another tag', async () => {
  const { apiKeys } = shop.rig().books;
  for (const scope of ['nodes', 'admin'] as const) {
    const added = apiKeys.add({ name: scope, hash: hashApiKey(scope), scopes: [scope], tag: 'own' });
    await expect(added).rejects.toMatchObject({ field: 'scopes' });
  }
  await expect(apiKeys.set('reseller', { scopes: ['admin'] })).rejects.toMatchObject({ field: 'scopes' });
  const answer = await send('POST', '/v1/accounts', { reference: 'x', tag: 'other' });
  expect(answer.statusCode).toBe(403);
});
