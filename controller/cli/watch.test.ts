import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProgram, runProgram } from './program.ts';

let directory: string;
let server: Server;
let answers: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-watch-'));
  server = createServer((_request, response) => {
    const group = answers.length > 1 ? answers.shift() : answers[0];
    response.writeHead(group === undefined ? 503 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ name: group, dns: [], allowedIps: [], mtu: 1420, keepaliveSeconds: 0 }));
  });
  await new Promise<void>((done) => server.listen(join(directory, 'api.sock'), done));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(directory, { recursive: true });
});

function start(screen: boolean, ...argv: string[]) {
  const written: string[] = [];
  let errors = '';
  const enough = new AbortController();
  const terminal = {
    env: { TURNPIKE_SOCKET: join(directory, 'api.sock') },
    write: (text: string) => written.push(text),
    screen: () => (screen ? { columns: 80, rows: 24 } : undefined),
    untilInterrupted: () => enough.signal,
    drained: async () => undefined,
    openInput: async () => ({ bytes: Readable.from([]), size: 0 }),
    showProgress: undefined,
    readText: async () => '',
  };
  const done = runProgram(createProgram(terminal), argv, (line) => {
    errors += line;
  });
  return { written, done, stop: () => enough.abort(), errors: () => errors };
}

describe('--watch', () => {
  it('looks again until it is interrupted, and writes what has changed', async () => {
    answers = ['first', 'first', 'second'];
    const watch = start(false, 'group', 'show', 'g', '--watch');
    await vi.waitFor(() => expect(watch.written).toHaveLength(2), { timeout: 30_000, interval: 20 });
    watch.stop();
    expect(await watch.done).toBe(0);
    expect(watch.written[0]).toMatch(/^group +first\n/);
    expect(watch.written[1]).toMatch(/^group +second\n/);
  });

  it('puts each look in the place of the one before on a screen, and goes on when nobody answers', async () => {
    answers = ['first'];
    const watch = start(true, '--watch', 'group', 'show', 'g');
    await vi.waitFor(() => expect(watch.written).toHaveLength(1), { timeout: 30_000, interval: 20 });
    answers = [];
    await vi.waitFor(() => expect(watch.written).toHaveLength(2), { timeout: 30_000, interval: 20 });
    watch.stop();
    expect(await watch.done).toBe(0);
    for (const look of watch.written) expect(look.startsWith('\u001b[H\u001b[2J')).toBe(true);
    expect(watch.written[1]).toContain('turnpike: what answers is not');
  });

  it('is for verbs that only look', async () => {
    answers = ['first'];
    const watch = start(false, 'group', 'add', 'g', '--watch');
    expect(await watch.done).toBe(64);
    expect(watch.errors()).toMatch(/add cannot be watched/);
    expect(watch.written).toEqual([]);
  });
});
