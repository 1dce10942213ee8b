import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { askSocket } from './ask-socket.ts';
import { Places } from './places.ts';
import { AnswerReader } from './uapi-text.ts';

let directory: string;
let server: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-uapi-'));
});

afterEach(async () => {
  server?.close();
  await rm(directory, { recursive: true });
});

/** Something that listens where wireguard-go would, and answers with this. */
async function answering(text: string): Promise<string> {
  const path = join(directory, 'wg0.sock');
  const { promise, resolve } = Promise.withResolvers<void>();
  server = createServer((socket) => socket.on('error', () => undefined).end(text)).listen(path, resolve);
  await promise;
  return path;
}

it('an answer is read to its end', async () => {
  const reader = new AnswerReader(new Places());
  await askSocket(await answering('listen_port=1\nerrno=0\n\n'), 'get=1\n\n', reader);
  expect(reader.errno).toBe(0);
});

it.each([
  ['is none', 'errno=everything\n\n', 'no error number'],
  ['ends too early', 'listen_port=1\n', 'hung up'],
])('an answer that %s is an error of the one who asked, and the agent goes on', async (_what, text, says) => {
  const asked = askSocket(await answering(text), 'get=1\n\n', new AnswerReader(new Places()));
  await expect(asked).rejects.toThrow(says);
});
