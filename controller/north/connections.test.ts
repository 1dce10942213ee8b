import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { afterEach, expect, it, vi } from 'vitest';
import { type HttpLimits, listenerLimits } from '../../common/listener-limits.ts';
import { silentLogger } from '../../common/log.ts';
import type { Audit } from '../audit/audit.ts';
import type { ApiKeys } from '../catalogue/api-keys.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { createApiMetrics } from './api-metrics.ts';
import { type ApiOptions, buildApi } from './server.ts';

// Somebody without an API key, on the API's TCP port.
const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).reverse()) await step();
});

const apiKeys = {
  use: async () => ({ id: 'key_0000000000000000', name: 'backend', scopes: ['admin'] }),
} as unknown as ApiKeys;
const audit = { done: async () => {}, refused: async () => {} } as unknown as Audit;
const catalogue = {
  listAccounts: async () => ({ items: [], next: undefined }),
} as unknown as Catalogue;

async function listening(limits: HttpLimits = listenerLimits.api): Promise<number> {
  const api = await buildApi({
    ...({
      catalogue,
      apiKeys,
      audit,
      log: silentLogger,
      trust: 'key',
      requestsPerMinute: 6000,
      limits,
    } as ApiOptions),
    metrics: createApiMetrics(new Registry()),
    version: '0.0.0',
  });
  await api.listen({ host: '127.0.0.1', port: 0 });
  cleanup.push(() => api.close());
  return (api.server.address() as AddressInfo).port;
}

/** A connection, and what came back over it. */
function open(port: number): { socket: Socket; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  cleanup.push(() => socket.destroy());
  const heard = text(socket).catch(() => '');
  return { socket, answer: heard };
}

async function ask(port: number, agent?: Agent): Promise<number | undefined> {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const headers = { authorization: 'Bearer turnpike_x' };
    request({ port, host: '127.0.0.1', path: '/openapi.json', headers, ...(agent && { agent }) }, resolve)
      .on('error', reject)
      .end();
  });
  await text(response);
  return response.statusCode;
}

it('connections that ask nothing keep nobody out, and who has shown a key keeps his own', async () => {
  const crowd = { connections: 40, perNetwork: 30, strangers: 10 };
  const port = await listening({ ...listenerLimits.api, crowd });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanup.push(() => agent.destroy());
  const asked = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { authorization: 'Bearer turnpike_x' };
      request({ port, host: '127.0.0.1', path: '/v1/nothing', headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      })
        .on('error', reject)
        .end();
    });
  // Nothing is there, but it was asked with a key.
  expect(await asked()).toBe(404);
  const [own] = Object.values(agent.freeSockets).flat();
  let ended = 0;
  for (let n = 0; n < 60; n += 1) open(port).socket.once('close', () => (ended += 1));
  await vi.waitFor(() => expect(ended).toBeGreaterThanOrEqual(50), { timeout: 15_000 });
  expect(await ask(port)).toBe(200);
  expect(await asked()).toBe(404);
  expect(Object.values(agent.freeSockets).flat()).toEqual([own]);
});

it('headers that drip are over in time, whatever trickles in', async () => {
  const port = await listening({ ...listenerLimits.api, headersMs: 200, lookMs: 50 });
  const { socket, answer } = open(port);
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => socket.write('X-More: y\r\n'), 20);
  cleanup.push(() => clearInterval(drip));
  // What is said may be lost on who goes on sending.
  expect(await answer).toMatch(/^$|^HTTP\/1.1 408 /);
});

it('a body is waited for only from whoever has a key, and not in silence', async () => {
  const port = await listening({ ...listenerLimits.api, silenceMs: 300 });
  const begin =
    'POST /v1/accounts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n';
  const stranger = open(port);
  stranger.socket.write(`${begin}\r\n`);
  const [said] = (await once(stranger.socket, 'data')) as [Buffer];
  expect(said.toString()).toContain('HTTP/1.1 401 ');
  const known = open(port);
  known.socket.write(`${begin}Authorization: Bearer turnpike_x\r\n\r\n`);
  expect(await known.answer).toBe('');
});

it('headers that are too large, a body that is, and what is no HTTP are refused with a problem', async () => {
  const port = await listening();
  const key = 'Host: x\r\nAuthorization: Bearer turnpike_x\r\nContent-Type: application/json\r\n';
  const tooLarge = listenerLimits.api.bodyBytes + 1;
  for (const [sent, status] of [
    [`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(listenerLimits.api.headerBytes)}\r\n\r\n`, 431],
    [`POST /v1/accounts HTTP/1.1\r\n${key}Content-Length: ${tooLarge}\r\n\r\n`, 413],
    ['\u0016\u0003\u0001', 400],
  ] as const) {
    const { socket, answer } = open(port);
    socket.end(sent);
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`));
  }
});
