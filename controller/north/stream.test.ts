import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../common/log.ts';
import { goodHealth, openRig, type Rig } from '../../test/unit/books/rig.ts';
import type { BackupsAtMachine } from '../backup/backups.ts';
import type { CaRollover } from '../identity/ca-rollover.ts';
import type { KeysAtMachine } from '../vault/keys.ts';
import { hashApiKey } from './access.ts';
import type { Api, RouteContext } from './api.ts';
import { createApiMetrics } from './api-metrics.ts';
import { buildApi } from './server.ts';
import { streamEvents } from './stream.ts';

let rig: Rig;
let api: Api;
const patience = { timeout: 30_000, interval: 5 };
const authorization = 'Bearer turnpike_bot';

beforeEach(async () => {
  rig = await openRig();
  await rig.books.apiKeys.add({ name: 'bot', scopes: ['read'], hash: hashApiKey('turnpike_bot') });
  const { catalogue, apiKeys, changes, webhooks, audit, privacy } = rig.books;
  api = await buildApi({
    ...{
      catalogue,
      apiKeys,
      changes,
      webhooks,
      privacy,
      audit,
      trust: 'key',
      version: '0.0.0',
      requestsPerMinute: 20,
    },
    joining: { enrolmentAddress: () => 'controller.example.net:7444', pin: () => 'sha256:00' },
    rollover: {} as CaRollover,
    keys: {} as KeysAtMachine,
    backups: {} as BackupsAtMachine,
    health: goodHealth,
    log: silentLogger,
    metrics: createApiMetrics(new Registry()),
  });
  await api.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await api.close();
  await rig.books.close();
});

/** A client that reads the stream, as it comes. */
class Listener {
  text = '';
  ended = false;
  #end: () => void = () => {};

  static async open(path = '/v1/events', headers: Record<string, string> = {}): Promise<Listener> {
    const listener = new Listener();
    const { port } = api.server.address() as AddressInfo;
    await new Promise<void>((resolve, reject) => {
      const asked = request(
        { port, path, headers: { authorization, accept: 'text/event-stream', ...headers } },
        (answer) => {
          expect(answer.headers['content-type']).toContain('text/event-stream');
          answer.setEncoding('utf8').on('data', (chunk) => {
            listener.text += chunk;
          });
          answer.on('close', () => {
            listener.ended = true;
          });
          resolve();
        },
      );
      listener.#end = () => asked.destroy();
      asked.on('error', reject).end();
    });
    return listener;
  }

  ids(): string[] {
    return [...this.text.matchAll(/^id: ?(\d+)$/gm)].map(([, id]) => String(id));
  }

  close(): void {
    this.#end();
  }
}

describe('the stream of events', () => {
  it('brings them as they happen, as the list shows them', async () => {
    await rig.node('before');
    const listener = await Listener.open();
    await rig.node('a');
    await vi.waitFor(() => expect(listener.ids()).toHaveLength(1), patience);
    const [event] = (await api.inject({ url: '/v1/events?cursor=1', headers: { authorization } })).json()
      .items;
    expect(listener.text).toMatch(/^event: ?node\.online$/m);
    expect(JSON.parse(/^data: ?(.*)$/m.exec(listener.text)?.[1] ?? '')).toEqual(event);
    listener.close();
  });

  // The first heartbeat comes after 15 s.
  it('is open before anything happens', { timeout: 10_000 }, async () => {
    const listener = await Listener.open();
    expect(listener.ids()).toEqual([]);
    listener.close();
  });

  it('goes on after the last one that was seen, and leaves none out', async () => {
    for (let n = 0; n < 120; n++) await rig.node(`n${n}`);
    const listener = await Listener.open('/v1/events', { 'last-event-id': '3' });
    await vi.waitFor(() => expect(listener.ids()).toHaveLength(117), patience);
    await rig.node('later');
    await vi.waitFor(() => expect(listener.ids()).toHaveLength(118), patience);
    expect(listener.ids()).toEqual(Array.from({ length: 118 }, (_, n) => String(n + 4)));
    const other = await Listener.open('/v1/events?cursor=120&type=node.online');
    await vi.waitFor(() => expect(other.ids()).toEqual(['121']), patience);
    other.close();
    listener.close();
  });

  it('ends when its key is removed, and with the controller', async () => {
    const listener = await Listener.open();
    await rig.books.apiKeys.add({ name: 'other', scopes: ['read'], hash: hashApiKey('turnpike_other') });
    const other = await Listener.open('/v1/events', { authorization: 'Bearer turnpike_other' });
    await rig.books.apiKeys.remove('bot');
    await rig.node('a');
    await vi.waitFor(() => expect(listener.ended).toBe(true), patience);
    expect(listener.ids()).toEqual([]);
    await vi.waitFor(() => expect(other.ids()).toEqual(['1']), patience);
    await api.close();
    await vi.waitFor(() => expect(other.ended).toBe(true), patience);
  });

  it('says what is wrong before it begins', async () => {
    await rig.node('a');
    // The second one was never told to anybody: who has it listens to another controller.
    for (const last of ['x', '2']) {
      const headers = { authorization, accept: 'text/event-stream', 'last-event-id': last };
      const answer = await api.inject({ url: '/v1/events', headers });
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
  });
});

describe('the rate of requests', () => {
  it('is told, and limited for each key', async () => {
    await rig.books.apiKeys.add({ name: 'other', scopes: ['read'], hash: hashApiKey('turnpike_other') });
    const ask = (key: string) =>
      api.inject({ url: '/v1/status', headers: { authorization: `Bearer turnpike_${key}` } });
    const first = await ask('bot');
    expect(first.headers).toMatchObject({ 'ratelimit-limit': '20', 'ratelimit-remaining': '19' });
    for (let n = 0; n < 19; n++) await ask('bot');
    const refused = await ask('bot');
    expect(refused.statusCode).toBe(429);
    expect(refused.json().type).toBe('urn:turnpike:problem:too-many-requests');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask('other')).statusCode).toBe(200);
  });
});

describe('the reference page', () => {
  it('is for people to read, without a key', async () => {
    const page = await api.inject('/reference/');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    const document = await api.inject('/reference/json');
    expect(document.json().paths).toHaveProperty('/v1/subscriptions');
    expect(document.json().paths).not.toHaveProperty('/reference/');
  });
});

it('a reader who takes nothing and is gone is waited for no longer', async () => {
  let hangUp = () => {};
  const streams = new Set<AbortController>();
  const sse = {
    ...{ lastEventId: null, sendHeaders: () => undefined, close: () => undefined },
    onClose: (callback: () => void) => {
      hangUp = callback;
    },
    // As @fastify/sse does where the socket is full: it hears of room and of errors, and not of the end.
    send: () => new Promise<void>(() => hangUp()),
  };
  const catalogue = {
    listEvents: async () => [],
    followEvents: async function* () {
      yield { id: '1', type: 'node.online' };
    },
  };
  await streamEvents(
    {} as RouteContext,
    { catalogue, server: { streams }, caller: { apiKey: undefined } } as unknown as FastifyRequest,
    { sse, raw: { flushHeaders: () => undefined } } as unknown as FastifyReply,
    { cursor: undefined },
  );
  expect(streams.size).toBe(0);
});
