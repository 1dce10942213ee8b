import { rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listOf } from '../../bench/bulk/lines.ts';
import { ask } from './http.ts';
import { startProcess } from './process.ts';
import { configText, makeDirectory, startController } from './rig.ts';

let directory: string;
let socketPath: string;
let end: () => Promise<unknown>;

beforeEach(async () => {
  directory = await makeDirectory();
  socketPath = join(directory, 'api.sock');
  await start();
  await ask(socketPath, 'POST', '/v1/tariffs', {
    name: 'monthly',
    volumeBytes: '50000000000',
    maxDevices: 5,
  });
});

afterEach(async () => {
  await end();
  await rm(directory, { recursive: true });
});

async function start() {
  const { stop } = await startController({ directory });
  end = stop;
}

function post(path: string) {
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
  const headers = { 'content-type': 'application/x-ndjson' };
  const sent = request({ socketPath, method: 'POST', path, headers }, resolve).on('error', reject);
  return { sent, answer: promise };
}

/** What the API answered, and its status. */
async function send(path: string, lines: string) {
  const { sent, answer } = post(path);
  sent.end(lines);
  const message = await answer;
  // biome-ignore lint/suspicious/noExplicitAny: looked at field by field
  return { status: message.statusCode, body: (await json(message)) as any };
}

async function exported(): Promise<string[]> {
  const message = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    request({ socketPath, path: '/v1/export' }, resolve).on('error', reject).end();
  });
  expect(message.headers['content-type']).toBe('application/x-ndjson');
  return (await text(message)).trimEnd().split('\n');
}

describe('lists over HTTP', { timeout: 60_000 }, () => {
  it('are imported once, also when the controller is killed half way and gets the whole list again', async () => {
    await end();
    const config = join(directory, 'controller.toml');
    await writeFile(config, configText(directory));
    const controller = await startProcess(config);
    const lines = [...listOf(100, 2)];
    const { sent, answer } = post('/v1/import');
    answer.catch(() => {});
    sent.write(lines.slice(0, 250).join(''));
    for (let devices = 0; devices < 50; ) {
      devices = (await ask(socketPath, 'GET', '/v1/status')).body.devices;
    }
    await controller.end('SIGKILL');
    await expect(answer).rejects.toThrow();
    await start();
    const before = (await exported()).length;
    expect(before).toBeGreaterThanOrEqual(75);
    // What was committed is in the audit log, customer by customer, though the call never ended.
    const [first] = JSON.parse(`[${(await exported())[0]}]`);
    const account = encodeURIComponent(first.account);
    expect((await ask(socketPath, 'GET', `/v1/audit?account=${account}`)).body).toMatchObject({
      items: [{ route: '/v1/import', actor: 'socket', status: 200 }],
    });
    const { status, body } = await send('/v1/import', lines.join(''));
    expect(status).toBe(200);
    const created = body.subscriptions.created + body.devices.created;
    expect(body).toMatchObject({
      lines: 300,
      refused: 0,
      subscriptions: { changed: 0 },
      devices: { changed: 0 },
    });
    expect(created).toBe(300 - before);
    const again = (await send('/v1/import', (await exported()).join('\n'))).body;
    expect(again).toMatchObject({ subscriptions: { unchanged: 100 }, devices: { unchanged: 200 } });
    const { body: told } = await send('/v1/reconcile?dryRun=true', lines.join(''));
    expect(told).toMatchObject({ refused: 0, extra: 0, findings: [] });
  });

  it('are answered line by line, each problem with its remedy; bodies of other types are refused', async () => {
    const good = [...listOf(1, 1)].join('');
    const wrong =
      '{"type":"subscription"}\nnot json\n{"type":"account"}\n\n{"type":"device","subscription":"x","publicKey":1}\n';
    const { body } = await send('/v1/import', wrong + good);
    expect(body).toMatchObject({
      lines: 6,
      refused: 4,
      subscriptions: { created: 1 },
      devices: { created: 1 },
    });
    expect(body.findings).toMatchObject([
      {
        line: 1,
        problem: { errors: [{ pointer: '/reference' }, { pointer: '/account' }, { pointer: '/tariff' }] },
      },
      { line: 2, problem: { detail: 'the line is not JSON' } },
      { line: 3, problem: { errors: [{ pointer: '/type' }] } },
      { line: 5, problem: { errors: [{ pointer: '/publicKey' }] } },
    ]);
    expect((await ask(socketPath, 'POST', '/v1/import', { type: 'subscription' })).status).toBe(415);
    expect((await send('/v1/accounts', '{"reference":"x"}')).status).toBe(415);
    expect((await send('/v1/import?dry=true', good)).status).toBe(400);
  });

  it('that come when the controller ends are told to be sent again', async () => {
    const { sent, answer } = post('/v1/import');
    sent.write([...listOf(80, 2)].join(''));
    for (let devices = 0; devices < 50; ) {
      devices = (await ask(socketPath, 'GET', '/v1/status')).body.devices;
    }
    const ended = end();
    end = async () => {};
    const message = await answer;
    expect(message.statusCode).toBe(503);
    expect(await json(message)).toMatchObject({ remedy: expect.stringContaining('again') });
    sent.destroy();
    await ended;
  });
});
