import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { createProgram, runProgram } from './program.ts';
import type { Terminal } from './session.ts';

type Answer = (request: { method: string; url: string; body: unknown }) => {
  status?: number;
  type?: string;
  body: unknown;
};

let directory: string;
let socket: string;
let server: Server;
let answer: Answer;
let asked: { method: string; url: string; body: unknown; authorization: string | undefined }[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-cli-'));
  socket = join(directory, 'api.sock');
  asked = [];
  const reply = async (request: IncomingMessage, response: ServerResponse) => {
    const payload = await text(request);
    const { method = '', url = '' } = request;
    const body = payload === '' ? undefined : JSON.parse(payload);
    asked.push({ method, url, body, authorization: request.headers.authorization });
    const { status = 200, type = 'application/json', body: said } = answer({ method, url, body });
    response.writeHead(status, { 'content-type': type });
    response.end(typeof said === 'string' ? said : JSON.stringify(said));
  };
  server = createServer((request, response) => void reply(request, response));
  await new Promise<void>((done) => server.listen(socket, done));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(directory, { recursive: true });
});

async function turnpike(...argv: string[]) {
  return turnpikeWith({ TURNPIKE_SOCKET: socket }, ...argv);
}

async function turnpikeWith(env: Record<string, string>, ...argv: string[]) {
  let out = '';
  let err = '';
  const files: Record<string, string> = { ...env };
  const terminal = {
    env,
    write: (output: string) => {
      out += output;
    },
    untilInterrupted: () => new AbortController().signal,
    openInput: async () => ({ bytes: Readable.from([]), size: 0 }),
    showProgress: undefined,
    drained: async () => undefined,
    readText: async (path: string) =>
      files[path] ?? Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
  };
  const code = await runProgram(createProgram(terminal), argv, (line) => {
    err += line;
  });
  return { code, out, err };
}

const tariff = {
  id: 'tar_1',
  name: 'monthly',
  volumeBytes: '50000000000',
  maxDevices: 5,
  maxConnections: null,
  seatPolicy: 'reject-new',
  sharedKey: 'notify',
  requireHardwareId: false,
  uploadBitsPerSecond: null,
  downloadBitsPerSecond: 50_000_000,
  speedScope: 'device',
  throttleBitsPerSecond: null,
  thresholds: [],
  period: 'once',
  periodDays: null,
  rollover: false,
  durationDays: null,
  graceSeconds: 0,
  group: 'default',
  enforcement: 'inherit',
};

describe('turnpike', () => {
  it('sends sizes as bytes and prints them in decimal units', async () => {
    answer = () => ({ status: 201, body: tariff });
    const run = await turnpike('tariff', 'add', 'monthly', '--volume', '50GB', '--max-devices', '5');
    expect(run).toEqual({ code: 0, out: 'tariff monthly added: 50.00 GB\n', err: '' });
    expect(asked).toMatchObject([
      {
        method: 'POST',
        url: '/v1/tariffs',
        body: { name: 'monthly', volumeBytes: '50000000000', maxDevices: 5 },
      },
    ]);
  });

  it('sends all limits of a tariff as the API has them, and nothing that was not given', async () => {
    answer = () => ({ status: 201, body: tariff });
    await turnpike(
      ...['tariff', 'add', 'm', '--volume', '1GB', '--max-connections', '2', '--seat-policy', 'evict-oldest'],
      ...['--shared-key', 'count', '--require-hardware-id', '--download', '50Mbit', '--upload', '1.5Mbit'],
      ...['--speed-scope', 'subscription', '--throttle', '512kbit', '--thresholds', '80,95%'],
      ...['--period', '30d', '--rollover', '--duration', '90d', '--grace', '3d', '--max-devices', 'any'],
    );
    expect(asked[0]?.body).toEqual({
      ...{ name: 'm', volumeBytes: '1000000000', maxDevices: null, maxConnections: 2 },
      ...{ seatPolicy: 'evict-oldest', sharedKey: 'count', requireHardwareId: true },
      ...{ downloadBitsPerSecond: 50_000_000, uploadBitsPerSecond: 1_500_000 },
      ...{ speedScope: 'subscription', throttleBitsPerSecond: 512_000, thresholds: [80, 95] },
      ...{ period: 'days', periodDays: 30, rollover: true, durationDays: 90, graceSeconds: 259_200 },
    });
    answer = () => ({
      body: {
        ...{ tariff, subscriptions: 2, waiting: 1 },
        ...{ atOnce: [], fromNextPeriod: ['rollover'], fromNextRenewal: [] },
      },
    });
    const { out } = await turnpike(
      ...['tariff', 'set', 'm', '--volume-end', 'block', '--no-rollover', '--upload', 'unlimited'],
      ...['--period', 'month', '--duration', 'none', '--thresholds', ''],
    );
    expect(asked[1]?.body).toEqual({
      ...{ throttleBitsPerSecond: null, rollover: false, uploadBitsPerSecond: null },
      ...{ period: 'month', periodDays: null, durationDays: null, thresholds: [] },
    });
    expect(out).toMatch(
      / changed, for 2 subscriptions, and for 1 that change to it with their next period\n/,
    );
  });

  it("prints the API's JSON when asked to, wherever --json stands", async () => {
    answer = () => ({ body: tariff });
    for (const argv of [
      ['--json', 'tariff', 'show', 'monthly'],
      ['tariff', 'show', 'monthly', '--json'],
    ]) {
      expect(JSON.parse((await turnpike(...argv)).out)).toEqual(tariff);
    }
  });

  it('reads a list to its last page', async () => {
    answer = ({ url }) =>
      url.includes('cursor=b')
        ? { body: { items: [{ ...tariff, name: 'third' }], next: null } }
        : { body: { items: [tariff, { ...tariff, name: 'second' }], next: 'b' } };
    const run = await turnpike('tariff', 'list');
    expect(run.out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'NAME',
      'monthly',
      'second',
      'third',
      '',
    ]);
    expect(asked.map(({ url }) => url)).toEqual([
      '/v1/tariffs?limit=1000',
      '/v1/tariffs?limit=1000&cursor=b',
    ]);
  });

  it('keeps what is written into paths and queries what it is', async () => {
    answer = () => ({ body: { items: [], next: null } });
    await turnpike('subscription', 'list', '--account', 'a&b=c/../d');
    answer = () => ({ body: tariff });
    await turnpike('tariff', 'show', '../accounts?x');
    expect(asked.map(({ url }) => url)).toEqual([
      '/v1/subscriptions?account=a%26b%3Dc%2F..%2Fd&limit=1000',
      '/v1/tariffs/..%2Faccounts%3Fx',
    ]);
  });

  it.each([
    ['invalid', 400, 64],
    ['not-found', 404, 66],
    ['conflict', 409, 65],
    ['exhausted', 409, 71],
    ['unauthenticated', 401, 77],
    ['unavailable', 503, 69],
    ['environment', 503, 72],
    ['internal', 500, 70],
  ])('prints a problem of type %s as one line with its remedy', async (type, status, code) => {
    answer = () => ({
      status,
      type: 'application/problem+json',
      body: {
        type: `urn:turnpike:problem:${type}`,
        title: 'T',
        status,
        detail: 'so it is',
        remedy: 'do that',
      },
    });
    expect(await turnpike('status')).toEqual({ code, out: '', err: 'turnpike: so it is (do that)\n' });
  });

  it('notices when something else answers', async () => {
    answer = () => ({ status: 502, type: 'text/html', body: '<html>Bad gateway' });
    const run = await turnpike('status');
    expect(run.code).toBe(69);
    expect(run.err).toContain('what answers is not');
  });

  it('says what to do when the controller is not there', async () => {
    const nowhere = join(directory, 'nowhere.sock');
    const run = await turnpikeWith({}, '--socket', nowhere, 'status');
    expect(run.code).toBe(69);
    expect(run.err).toBe(
      `turnpike: the controller is not reachable on ${nowhere} ` +
        '(is turnpike-controller running? Another socket is named with --socket or TURNPIKE_SOCKET)\n',
    );
    const url = await turnpikeWith({}, '--url', 'http://127.0.0.1:1', 'status');
    expect(url).toMatchObject({ code: 69, err: expect.stringContaining('http://127.0.0.1:1') });
    const wrong = await turnpikeWith({}, '--url', 'controller:8080', 'status');
    expect(wrong).toMatchObject({ code: 64, err: expect.stringContaining('--url') });
  });

  it('shows at the top whose key looks used in two places', async () => {
    const figures = { bytesPerSecond: '9000', usedBytes: '1', remainingBytes: null, nodes: ['fra1'] };
    const heavy = (subscriptionId: string, sharedKeys: number) => ({
      ...{ subscriptionId, accountReference: 'acme', tariff: 't', devices: 1, sharedKeys },
      ...figures,
    });
    answer = ({ url }) => ({
      body: url.startsWith('/v1/heaviest')
        ? { passing: 2, items: [heavy('sub_1', 2), heavy('sub_2', 0)] }
        : { nodes: [], connectedDevices: 3 },
    });
    const { code, out } = await turnpike('top', '--once');
    expect(code).toBe(0);
    expect(out).toMatch(/sub_1 .* 1 +2 in two places +fra1/);
    expect(out).toMatch(/sub_2 .* 1 +fra1/);
  });

  it('sends the API key to a URL, from the environment only', async () => {
    await new Promise((done) => server.close(done));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    answer = () => ({ body: tariff });
    const env = { TURNPIKE_API_KEY: 'turnpike_x' };
    const run = await turnpikeWith(env, '--url', `http://127.0.0.1:${port}/`, 'tariff', 'show', 'm');
    expect(run.code).toBe(0);
    expect(asked).toMatchObject([{ url: '/v1/tariffs/m', authorization: 'Bearer turnpike_x' }]);
  });

  it.each([
    [['frobnicate'], /unknown command/],
    [[], /a command is missing/],
    [['tariff'], /a command is missing/],
    [['tariff', 'add', 'm', '--volme', '5GB'], /unknown option '--volme'/],
    [['tariff', 'add', 'm'], /needs --volume SIZE or --unlimited/],
    [['tariff', 'add', 'm', '--volume', '50G'], /"50G" is not a size .*50GB/],
    [['tariff', 'add', 'm', '--volume', '5GB', '--unlimited'], /cannot be used with/],
    [['tariff', 'add', 'm', '--volume', '5GB', '--max-devices', 'x'], /must be a whole number, or any/],
    [['tariff', 'set', 'm', '--max-connections', 'none'], /must be a whole number, or any/],
    [['tariff', 'add', 'm', '--volume', '5GB', '--download', '50MB'], /"50MB" is not a speed.*50Mbit/],
    [
      ['tariff', 'set', 'm', '--download', '0.0001kbit'],
      /bits per second: the least is 64kbit, the most 1Tbit/,
    ],
    [
      ['tariff', 'set', 'm', '--upload', '9999999999Gbit'],
      /faster than .*: the least is 64kbit, the most 1Tbit/,
    ],
    [['tariff', 'set', 'm', '--volume', '50'], /"50" is not a size .*50GB/],
    [
      ['subscription', 'top-up', 'sub_1', '10', '--reason', 'x', '--reference', 'y'],
      /"10" is not a size .*with a unit/,
    ],
    [['tariff', 'set', 'm', '--period', '30'], /once, month, or days such as 30d/],
    [['tariff', 'set', 'm', '--grace', '3'], /such as 3d or 12h/],
    [['tariff', 'set', 'm', '--throttle', '1Mbit', '--volume-end', 'block'], /cannot be used with/],
    [['subscription', 'top-up', 'sub_1', '5GB'], /--reason/],
    [['enforcement', 'maybe'], /observe, enforce/],
    [
      ['device', 'add', 'sub_1', '--qr'],
      /configuration for one node, and none is named \(name it with --node/,
    ],
    [['device', 'rekey', 'dev_1', '--qr'], /and none is named/],
    [
      ['device', 'add', 'sub_1', '--public-key', 'x', '--node', 'f', '--qr'],
      /without the private key .*--private-key-file/,
    ],
    [['device', 'config', 'dev_1', '--node', 'f', '--qr'], /without the private key/],
    [
      ['device', 'config', 'dev_1', '--node', 'f', '--private-key-file', '/missing'],
      /cannot be read .*ENOENT/,
    ],
  ])('refuses %j in one line before it asks anybody', async (argv, said) => {
    const run = await turnpike(...argv);
    expect(run.code).toBe(64);
    expect(run.out).toBe('');
    expect(run.err).toMatch(said);
    expect(run.err.trimEnd()).not.toContain('\n');
    expect(asked).toEqual([]);
  });

  it.each([
    ['subscription suspend', ['--reason']],
    ['subscription top-up', ['--reason', '--reference']],
    ['device config', ['--node']],
    ['node add', ['--endpoint']],
  ])('says in the help of %s which options are required', async (verb, options) => {
    const { out } = await turnpike(...verb.split(' '), '--help');
    const required = out.split('\n').filter((line) => line.replace(/\s+/g, ' ').includes('(required)'));
    expect(required.map((line) => line.trim().split(' ')[0])).toEqual(options);
  });

  it.each([
    [null, 'on every node'],
    [['fra1', 'par1'], 'on fra1, par1'],
    [[], 'on no node for sure'],
  ])('says where it is closed: %j', async (nodes, where) => {
    const access = {
      state: 'closed',
      reasons: [
        { code: 'removed', text: 'the device was removed', since: '2026-11-22T12:00:00Z', mend: null, nodes },
      ],
      wouldClose: [],
    };
    const body = {
      kind: 'device',
      id: 'dev_1',
      access,
      enforcement: 'enforce',
      verdict: 'v',
      devices: [],
      nodes: [],
    };
    answer = () => ({ body });
    expect((await turnpike('explain', 'dev_1')).out).toMatch(
      new RegExp(`^closed ${where} since .*removed$`, 'm'),
    );
  });

  it.each([
    [['fra1'], 'when fra1 gave back what it holds'],
    [['fra1', 'par1'], 'when fra1, par1 gave back what they hold'],
  ])('says for which nodes a refund waits: %j', async (heldBy, what) => {
    answer = () => ({ body: { bytes: '-5', askedBytes: '10', pending: true, heldBy } });
    const words = ['subscription', 'refund', 'sub_1', '10B', '--reason', 'x', '--reference', 'y'];
    expect((await turnpike(...words)).out).toContain(what);
    expect(asked[0]?.body).toMatchObject({ bytes: '10' });
  });

  it('has no option of a verb that stands for something else before it', () => {
    const program = createProgram({ env: {} } as Terminal);
    const verbs = (command: Command): Command[] => [command, ...command.commands.flatMap(verbs)];
    const everywhere = program.options.map(({ long }) => long);
    const taken = program.commands
      .flatMap(verbs)
      .flatMap((verb) =>
        verb.options
          .filter(({ long }) => everywhere.includes(long))
          .map(({ long }) => `${verb.name()} ${long}`),
      );
    expect(taken).toEqual([]);
  });

  it('prints help for the whole and for each part', async () => {
    expect((await turnpike('--help')).out).toContain('subscription');
    expect(await turnpike('device', 'add', '--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('--public-key'),
    });
  });
});

describe("a device's configuration", () => {
  const pair = generateWireguardKeyPair();
  const template = '[Interface]\nPrivateKey = PLACEHOLDER\nAddress = 10.64.0.2/32\n';
  const device = { id: 'dev_1', publicKey: pair.publicKey, address4: '10.64.0.2', address6: 'fd74::2' };

  let nodeKey: string | null;
  let config: () => ReturnType<Answer>;

  beforeEach(() => {
    nodeKey = 'NODE=';
    config = () => ({ type: 'text/plain', body: template });
    answer = ({ method, url }) => {
      if (method === 'POST') return { status: 201, body: { device, privateKey: pair.privateKey } };
      if (url.startsWith('/v1/nodes/')) return { body: { name: 'fra-1', publicKey: nodeKey } };
      return url.includes('/config?') ? config() : { body: device };
    };
  });

  it('is asked for only where there can be one: nothing is half done', async () => {
    nodeKey = null;
    const run = await turnpike('device', 'add', 'sub_1', '--node', 'fra-1');
    expect(run).toMatchObject({ code: 65, out: '', err: expect.stringContaining('not been connected') });
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('cannot take the private key with it when it fails', async () => {
    const problem = { type: 'urn:turnpike:problem:conflict', detail: 'another group' };
    config = () => ({ status: 409, body: problem });
    const run = await turnpike('device', 'add', 'sub_1', '--node', 'fra-1');
    expect(run).toMatchObject({ code: 65, err: 'turnpike: another group\n' });
    expect(run.out).toContain(pair.privateKey);
  });

  it('gets the private key here: it is never sent', async () => {
    const run = await turnpikeWith(
      { TURNPIKE_SOCKET: socket, '/key': `${pair.privateKey}\n` },
      ...['device', 'config', 'dev_1', '--node', 'fra-1', '--private-key-file', '/key'],
    );
    expect(run.out).toBe(template.replace('PLACEHOLDER', pair.privateKey));
    expect(JSON.stringify(asked)).not.toContain(pair.privateKey);
  });

  it("does not take another device's private key", async () => {
    const other = generateWireguardKeyPair().privateKey;
    const run = await turnpikeWith(
      { TURNPIKE_SOCKET: socket, '/key': other },
      ...['device', 'config', 'dev_1', '--node', 'fra-1', '--private-key-file', '/key'],
    );
    expect(run.code).toBe(64);
    expect(run.err).toContain('is not that of device dev_1');
    expect(run.err).not.toContain(other);
  });

  it('can be had with the device, while its private key is known', async () => {
    const run = await turnpike('device', 'add', 'sub_1', '--node', 'fra-1');
    expect(run.out).toContain(`PrivateKey = ${pair.privateKey}\n`);
    const qr = await turnpike('device', 'add', 'sub_1', '--node', 'fra-1', '--qr');
    expect(qr.out).toMatch(/[█▀▄]{5}/);
    const json = await turnpike('device', 'add', 'sub_1', '--node', 'fra-1', '--json');
    expect(JSON.parse(json.out)).toMatchObject({ device, config: expect.stringContaining(pair.privateKey) });
  });
});
