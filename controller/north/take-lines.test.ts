import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { listsOfKey } from '../../common/listener-limits.ts';
import { whileReading } from './take-lines.ts';

/** Of one API that runs. */
const server = { streams: new Set<AbortController>(), lists: new Map<string, number>() };

function requestWith(body: Readable, key = 'billing') {
  const caller = { apiKey: { id: `key_${key}`, name: key } };
  const request = { body, server, caller, raw: { socket: {} } } as unknown as FastifyRequest;
  const raw = new EventEmitter();
  return { request, reply: { raw } as unknown as FastifyReply, raw };
}

const silent = () => new Readable({ read: () => undefined });

async function untilAborted(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<boolean> {
  for await (const _ of bytes) throw new Error('there is nothing to read');
  return signal.aborted;
}

it('what was read of a body that goes on and on is not kept', async () => {
  setFlagsFromString('--expose_gc');
  const gc = runInNewContext('gc') as () => void;
  const chunks = 50;
  const { request, reply } = requestWith(Readable.from(endless(chunks)));
  const read: WeakRef<Uint8Array>[] = [];
  const held = await whileReading(request, reply, async (bytes) => {
    for await (const chunk of bytes) read.push(new WeakRef(chunk));
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    return read.filter((chunk) => chunk.deref() !== undefined).length;
  });
  expect(read).toHaveLength(chunks);
  expect(held).toBeLessThan(chunks / 2);
});

it('a body that goes on and on ends with the controller, also where nothing comes', async () => {
  const { request, reply } = requestWith(silent());
  const reading = whileReading(request, reply, untilAborted);
  for (const stream of server.streams) stream.abort();
  expect(await reading).toBe(true);
  expect(server.streams.size).toBe(0);
});

it('who has hung up is worked for no longer', async () => {
  const { request, reply, raw } = requestWith(silent());
  const reading = whileReading(request, reply, untilAborted);
  raw.emit('close');
  expect(await reading).toBe(true);
});

it('an API key has so many lists under way at most, and keeps no other one out', async () => {
  const open = (key: string) => {
    const { request, reply, raw } = requestWith(silent(), key);
    return { reading: whileReading(request, reply, untilAborted), raw };
  };
  const mine = Array.from({ length: listsOfKey }, () => open('mine'));
  await expect(open('mine').reading).rejects.toMatchObject({ problem: 'too-many-requests' });
  const others = open('other');
  mine[0]?.raw.emit('close');
  await mine[0]?.reading;
  const again = open('mine');
  for (const { raw } of [...mine, others, again]) raw.emit('close');
  await Promise.all([...mine, others, again].map(({ reading }) => reading));
  expect(server.lists.size).toBe(0);
});

function* endless(count: number): Generator<Uint8Array> {
  for (let n = 0; n < count; n += 1) yield new Uint8Array(1024);
}
