import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fastify } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Api } from './api.ts';
import { listenOnSocket } from './unix-socket.ts';

let directory: string;
let path: string;
const open: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-socket-'));
  path = join(directory, 'api.sock');
});

afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await rm(directory, { recursive: true });
});

function makeApi(): Api {
  const api = fastify();
  api.get('/', async () => 'here');
  open.push(() => api.close());
  return api as unknown as Api;
}

function ask(): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: path, path: '/' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
}

/** A socket file that nobody listens on, as kill -9 leaves it. */
async function leaveStaleSocket(): Promise<void> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(`${path}.old`, done));
  await rename(`${path}.old`, path);
  await new Promise((done) => server.close(done));
}

describe('the API socket', () => {
  it('is for its owner only, and is gone after the end', async () => {
    const api = makeApi();
    const remove = await listenOnSocket(api, path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ask()).toBe(200);
    await api.close();
    await remove();
    expect(await readdir(directory)).toEqual([]);
  });

  it('replaces one that a dead controller left', async () => {
    await leaveStaleSocket();
    await expect(ask()).rejects.toThrow('ECONNREFUSED');
    await listenOnSocket(makeApi(), path);
    expect(await ask()).toBe(200);
  });

  it('does not take the place of a living one', async () => {
    await listenOnSocket(makeApi(), path);
    await expect(listenOnSocket(makeApi(), path)).rejects.toThrow(/api.socket .* is in use/);
    expect(await ask()).toBe(200);
  });

  it('does not touch what is not a socket', async () => {
    await writeFile(path, 'precious');
    await expect(listenOnSocket(makeApi(), path)).rejects.toThrow(/is not a socket/);
    expect((await stat(path)).size).toBe(8);
  });

  it("leaves its successor's socket alone", async () => {
    const first = makeApi();
    const remove = await listenOnSocket(first, path);
    await rm(path);
    await listenOnSocket(makeApi(), path);
    await first.close();
    await remove();
    expect(await ask()).toBe(200);
  });

  it('names a directory that is not there', async () => {
    const nowhere = join(directory, 'missing', 'api.sock');
    await expect(listenOnSocket(makeApi(), nowhere)).rejects.toThrow(/there is no directory .*missing/);
  });

  it('names a place that cannot hold a socket', async () => {
    await mkdir(join(directory, 'file'));
    await writeFile(join(directory, 'file', 'x'), '');
    await expect(listenOnSocket(makeApi(), join(directory, 'file', 'x', 'api.sock'))).rejects.toMatchObject({
      code: 'environment',
    });
  });
});
