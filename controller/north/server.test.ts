import { Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { TurnpikeError } from '../../common/errors.ts';
import { createLogger, silentLogger } from '../../common/log.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { goodHealth } from '../../test/unit/books/rig.ts';
import type { Audit } from '../audit/audit.ts';
import type { BackupsAtMachine } from '../backup/backups.ts';
import type { Scope } from '../catalogue/api-key-scopes.ts';
import type { ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { cursorOf } from '../catalogue/cursor.ts';
import { tariffDefaults } from '../catalogue/tariff-settings.ts';
import type { Changes } from '../idempotency/changes.ts';
import type { CaRollover } from '../identity/ca-rollover.ts';
import type { Privacy } from '../privacy/privacy.ts';
import type { KeysAtMachine } from '../vault/keys.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import { hashApiKey } from './access.ts';
import { createApiMetrics } from './api-metrics.ts';
import { type ApiOptions, buildApi } from './server.ts';

const tariff = {
  id: 'tar_0000000000000000',
  name: 'monthly',
  ...tariffDefaults,
  volumeBytes: 2n ** 60n,
  group: 'default',
  enforcement: 'inherit' as const,
  createdAt: 0,
};

const key = 'turnpike_secret';
let scopes: readonly Scope[] = ['read'];
const apiKeys = {
  use: async (hash: Uint8Array) =>
    Buffer.from(hash).equals(hashApiKey(key))
      ? { id: 'key_0000000000000000', name: 'backend', scopes }
      : undefined,
  list: async () => [],
} as unknown as ApiKeys;

/** As they are made, but kept nowhere. */
const changes: Changes = {
  make: async (_repeatable, work) => ({ kind: 'done', answer: await work() }),
  amend: async () => {},
  whole: (work) => work(),
};

const rollover: CaRollover = {
  status: async () => ({ pin: 'sha256:00', nextPin: null, waiting: [] }),
  begin: () => rollover.status(),
  finish: () => rollover.status(),
};

async function api(catalogue: Partial<Catalogue> = {}, options: Partial<ApiOptions> = {}) {
  const registry = new Registry();
  const built = await buildApi({
    catalogue: catalogue as Catalogue,
    apiKeys,
    changes,
    webhooks: {} as Webhooks,
    privacy: {} as Privacy,
    audit: { find: async () => ({}), done: async () => {}, refused: async () => {} } as unknown as Audit,
    joining: { enrolmentAddress: () => 'controller.example.net:7444', pin: () => 'sha256:00' },
    rollover,
    keys: {} as KeysAtMachine,
    backups: {} as BackupsAtMachine,
    health: goodHealth,
    version: '0.0.0',
    log: silentLogger,
    metrics: createApiMetrics(registry),
    trust: 'socket',
    requestsPerMinute: 6000,
    ...options,
  });
  return Object.assign(built, { registry });
}

const post = (url: string, payload: object | string) =>
  ({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } }) as const;

describe('bodies', () => {
  it('may hold null where the schema says so, and digits for bytes', async () => {
    const addTariff = vi.fn(async () => tariff);
    const server = await api({ addTariff });
    const answer = await server.inject(
      post('/v1/tariffs', { name: 'm', volumeBytes: '1152921504606846976' }),
    );
    expect(answer.statusCode).toBe(201);
    expect(addTariff).toHaveBeenCalledWith({ name: 'm', volumeBytes: 2n ** 60n });
    expect(answer.json()).toEqual({
      ...tariff,
      volumeBytes: String(2n ** 60n),
      createdAt: new Date(0).toISOString(),
    });
    await server.inject(post('/v1/tariffs', { name: 'm', volumeBytes: null }));
    expect(addTariff).toHaveBeenLastCalledWith({ name: 'm', volumeBytes: null });
  });

  it.each([
    ['an unknown key', { name: 'm', volumeBytes: null, volume: 5 }, 'volume is not a known key'],
    ['a missing key', { name: 'm' }, 'volumeBytes is missing'],
    ['a number for bytes', { name: 'm', volumeBytes: 5 }, 'volumeBytes must be'],
    [
      'a size with a unit',
      { name: 'm', volumeBytes: '5GB' },
      'volumeBytes must be bytes as a string of digits',
    ],
    ['a negative size', { name: 'm', volumeBytes: '-5' }, 'volumeBytes must be bytes as a string of digits'],
    ['more than 2^63 - 1', { name: 'm', volumeBytes: '9999999999999999999' }, 'volumeBytes: more than 2^63'],
    ['text for a number', { name: 'm', volumeBytes: null, maxDevices: '5' }, 'maxDevices must be'],
    ['a line break in a name', { name: 'a\nb', volumeBytes: null }, 'name must be 1 to 200 characters'],
    ['a list', [], 'the body must be object'],
  ])('with %s are refused, and the place is named', async (_what, body, detail) => {
    const answer = await (await api()).inject(post('/v1/tariffs', body));
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ type: 'urn:turnpike:problem:invalid', status: 400 });
    expect(answer.json().detail).toContain(detail);
  });

  it.each(['', 'x'.repeat(65)])('are told once, and by what is allowed, of the label "%s"', async (label) => {
    const answer = await (await api()).inject(post('/v1/devices', { subscription: 's', label }));
    expect(answer.json().errors).toEqual([
      { pointer: '/label', message: 'must be 1 to 64 characters without control characters' },
    ]);
  });

  it('are taken as they are: text is not read as a number', async () => {
    const setGroup = vi.fn();
    const change = { ...post('/v1/groups/default', { mtu: '1420' }), method: 'PATCH' } as const;
    const answer = await (await api({ setGroup, getGroup: async () => ({}) as never })).inject(change);
    expect(answer.json().detail).toBe('mtu must be integer');
    expect(setGroup).not.toHaveBeenCalled();
  });

  it('are refused when they are not UTF-8: letters that are replaced make two names one', async () => {
    const server = await api();
    const payload = Buffer.from('{"name":"Müller"}', 'latin1');
    const answer = await server.inject({ ...post('/v1/tariffs', ''), payload } as never);
    expect([answer.statusCode, answer.json().detail]).toEqual([400, 'the body is not UTF-8']);
  });

  it('are refused when they are not JSON', async () => {
    const server = await api();
    expect((await server.inject(post('/v1/tariffs', '{'))).json().detail).toBe('the body is not JSON');
    const text = {
      method: 'POST',
      url: '/v1/tariffs',
      payload: 'x',
      headers: { 'content-type': 'text/plain' },
    };
    const answer = await server.inject(text as never);
    expect(answer.statusCode).toBe(415);
    expect(answer.json().type).toBe('urn:turnpike:problem:invalid');
  });

  it('are refused when they are larger than any request needs to be', async () => {
    const answer = await (await api()).inject(post('/v1/accounts', { reference: 'x'.repeat(70_000) }));
    expect(answer.statusCode).toBe(413);
    expect(answer.json().detail).toMatch(/larger/);
  });

  it('are refused where a route takes none', async () => {
    const resume = vi.fn();
    const answer = await (await api({ resume })).inject(
      post('/v1/subscriptions/sub_1/resume', { force: true }),
    );
    expect(answer.json().detail).toBe('force is not a known key');
    expect(resume).not.toHaveBeenCalled();
  });
});

describe('methods', () => {
  it.each(['DELETE', 'TRACE', 'PUT', 'QUERY'] as const)(
    'that a path does not know are told which it knows: %s',
    async (method) => {
      const built = await api();
      for (const [url, allow] of [
        ['/v1/tariffs?limit=1', 'GET, POST'],
        ['/v1/subscriptions/sub_0000000000000000/renewals', 'POST'],
      ]) {
        const { statusCode, headers, ...answer } = await built.inject({
          method: method as 'GET',
          url: url ?? '',
        });
        expect([statusCode, headers['allow']]).toEqual([405, allow]);
        expect(answer.json()).toMatchObject({ type: 'urn:turnpike:problem:method-not-allowed' });
      }
      expect((await built.inject({ method: method as 'GET', url: '/v1/nothing' })).statusCode).toBeLessThan(
        500,
      );
    },
  );
});

describe('queries', () => {
  it('are refused when they hold an unknown key', async () => {
    const answer = await (await api()).inject('/v1/status?verbose=1');
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toBe('verbose is not a known key');
  });

  it.each(['0', '1001', 'x', 'true', '1e1', '0x10', ''])('are refused with limit=%s', async (limit) => {
    const answer = await (await api()).inject(`/v1/tariffs?limit=${limit}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().detail).toContain('limit must be');
  });
});

describe('lists', () => {
  it('come in pages, the last of which has no next', async () => {
    const all = ['a', 'b', 'c'].map((id) => ({ ...tariff, id }));
    const cursors = all.map((item) => cursorOf('tariffs', item));
    const listTariffs = vi.fn(async ({ limit = 0, after = '' } = {}) => {
      const from = cursors.indexOf(after) + 1;
      return all.slice(from, from + limit);
    });
    const server = await api({ listTariffs });
    const first = (await server.inject('/v1/tariffs?limit=2')).json();
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual(['a', 'b']);
    expect(first.next).toBe(cursors[1]);
    const second = (await server.inject(`/v1/tariffs?limit=2&cursor=${first.next}`)).json();
    expect(second.items.map(({ id }: { id: string }) => id)).toEqual(['c']);
    expect(second.next).toBeNull();
  });

  it('are logged without their query, which can hold references', async () => {
    const lines: string[] = [];
    const log = createLogger('api', 'trace', { write: (line) => void lines.push(line) });
    const server = await api({ listTariffs: () => Promise.reject(new Error('no disk')) }, { log });
    await server.inject('/v1/tariffs?cursor=c2VjcmV0');
    await server.inject('/v1/tariffs?search=c2VjcmV0');
    await server.inject('/v1/nothing?cursor=c2VjcmV0');
    expect(lines.join('')).toContain('/v1/tariffs');
    expect(lines.join('')).not.toContain('c2VjcmV0');
  });
});

describe('errors', () => {
  it('of the catalogue become problems with their remedy', async () => {
    const error = new TurnpikeError('exhausted', 'no address is left', { remedy: 'remove devices' });
    const answer = await (await api({ getStatus: () => Promise.reject(error) })).inject('/v1/status');
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ detail: 'no address is left', remedy: 'remove devices' });
  });

  it('that we did not foresee tell nothing', async () => {
    const error = new Error('private key QUJD');
    const answer = await (await api({ getStatus: () => Promise.reject(error) })).inject('/v1/status');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('QUJD');
  });

  it('of a path that cannot be decoded are problems too', async () => {
    const answer = await (await api()).inject('/v1/accounts/%E0%A4%A');
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ type: 'urn:turnpike:problem:invalid', status: 400 });
  });

  it('name a route that is not there', async () => {
    const answer = await (await api()).inject('/v1/nothing');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({
      type: 'urn:turnpike:problem:not-found',
      detail: 'there is no GET /v1/nothing',
    });
  });
});

describe('over TCP', () => {
  const status = { getStatus: () => Promise.reject(new TurnpikeError('not_found', 'reached')) };
  const call = async (url: string, authorization?: string) => {
    const server = await api(status, { trust: 'key' });
    return server.inject({ url, headers: authorization === undefined ? {} : { authorization } });
  };

  it('a request without a key, or with a wrong one, is refused', async () => {
    for (const header of [undefined, 'Basic eA==', 'Bearer ', 'Bearer turnpike_other']) {
      const answer = await call('/v1/status', header);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      expect(answer.json().type).toBe('urn:turnpike:problem:unauthenticated');
    }
    expect((await call('/v1/nothing')).statusCode).toBe(401);
  });

  it('the description of the API is for everybody', async () => {
    expect((await call('/openapi.json')).statusCode).toBe(200);
  });

  it('a request with a key is served', async () => {
    expect((await call('/v1/status', `Bearer ${key}`)).json().detail).toBe('reached');
  });

  it('a key does what its scopes cover, and is told what it lacks', async () => {
    scopes = ['read', 'nodes'];
    const answer = await call('/v1/api-keys', `Bearer ${key}`);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      type: 'urn:turnpike:problem:insufficient-scope',
      scope: 'admin',
      detail: 'this needs the scope "admin", and the API key "backend" has read, nodes',
      remedy: expect.stringContaining('turnpike api-key set backend --scopes'),
    });
    expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_scope", scope="admin"');
    for (const url of ['/v1/%61pi-keys', '/v1/api-keys/', '//v1/api-keys']) {
      expect([403, 404]).toContain((await call(url, `Bearer ${key}`)).statusCode);
    }
    scopes = ['admin'];
    expect((await call('/v1/api-keys', `Bearer ${key}`)).statusCode).toBe(200);
    const onTheMachine = await call('/v1/ca', `Bearer ${key}`);
    expect(onTheMachine.statusCode).toBe(403);
    expect(onTheMachine.json().detail).toBe('no API key may do this');
    scopes = ['read'];
  });
});

describe('every route', () => {
  it('says in the description which scope it needs', async () => {
    const document = (await (await api()).inject('/openapi.json')).json();
    const needed = (method: string, path: string) => document.paths[path][method].security;
    expect(needed('get', '/v1/subscriptions')).toEqual([{ key: ['read'] }]);
    expect(needed('post', '/v1/subscriptions')).toEqual([{ key: ['subscriptions'] }]);
    expect(needed('post', '/v1/subscriptions/{subscription}/adjustments')).toEqual([{ key: ['support'] }]);
    expect(needed('post', '/v1/tariffs')).toEqual([{ key: ['admin'] }]);
    for (const methods of Object.values(document.paths as Record<string, Record<string, object>>)) {
      for (const operation of Object.values(methods)) {
        expect(operation).toHaveProperty('security.0.key.0', expect.any(String));
      }
    }
  });
});

describe("a device's configuration", () => {
  const pair = generateWireguardKeyPair();
  const getClientSettings = async () => ({
    device: { publicKey: pair.publicKey, presharedKey: 'PSK=', address4: '10.64.0.2', address6: 'fd74::2' },
    node: { name: 'fra-1', publicKey: 'NODE=', endpoint: 'fra-1.example.net:51820' },
    settings: { dns: [], mtu: 1420, allowedIps: ['0.0.0.0/0'], keepaliveSeconds: 25 },
  });
  const url = '/v1/devices/dev_1/config';

  it('is text with a placeholder for the private key', async () => {
    const answer = await (await api({ getClientSettings })).inject(`${url}?node=fra-1`);
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toContain('PrivateKey = PUT-THE-PRIVATE-KEY');
  });

  it('has the private key that was given in the body', async () => {
    const body = { node: 'fra-1', privateKey: pair.privateKey };
    const server = await api({ getClientSettings });
    expect((await server.inject(post(url, body))).body).toContain(`PrivateKey = ${pair.privateKey}`);
    const svg = await server.inject(post(url, { ...body, format: 'qr-svg' }));
    expect(svg.headers['content-type']).toContain('image/svg+xml');
    expect(svg.body).toContain('<svg');
  });

  it("does not take another device's private key", async () => {
    const body = { node: 'fra-1', privateKey: generateWireguardKeyPair().privateKey };
    const answer = await (await api({ getClientSettings })).inject(post(url, body));
    expect(answer.statusCode).toBe(400);
    expect(answer.body).not.toContain(body.privateKey);
  });

  it('is no QR code without the private key', async () => {
    const answer = await (await api({ getClientSettings })).inject(
      post(url, { node: 'f', format: 'qr-svg' }),
    );
    expect(answer.statusCode).toBe(400);
  });
});

describe('the description of the API', () => {
  it('is OpenAPI 3.1 and holds every route with its answers', async () => {
    const document = (await (await api()).inject('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths as Record<string, Record<string, unknown>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(35);
    for (const { operation } of operations) {
      expect(operation).toMatchObject({
        summary: expect.any(String),
        responses: { default: expect.anything() },
      });
    }
    const { post: addTariff } = document.paths['/v1/tariffs'];
    const { volumeBytes } = addTariff.requestBody.content['application/json'].schema.properties;
    expect(volumeBytes).toMatchObject({
      type: ['string', 'null'],
      description: expect.stringContaining('null'),
    });
  });
});

describe('metrics of the API', () => {
  it('count requests by route, never by what is in the path', async () => {
    const server = await api({ getDevice: () => Promise.reject(new TurnpikeError('not_found', 'no')) });
    await server.inject('/v1/devices/dev_1');
    await server.inject('/v1/devices/dev_2');
    await server.inject('/v1/whatever');
    const text = await server.registry.metrics();
    expect(text).toContain(
      'turnpike_api_requests_total{method="GET",route="/v1/devices/:device",status="404"} 2',
    );
    expect(text).not.toMatch(/dev_1|whatever/);
  });
});
