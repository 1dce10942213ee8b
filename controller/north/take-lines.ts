import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TurnpikeError } from '../../common/errors.ts';
import { listsOfKey } from '../../common/listener-limits.ts';
import { unlessAborted } from '../../common/unless-aborted.ts';
import type { Api, Caller } from './api.ts';
import { Refusal } from './problem.ts';

/** The route takes lines in place of JSON, and they are handed on as they come. */
export function takeLines(api: Api): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
}

/**
 * Works on a body that takes its time, until the caller or the controller ends.
 * @throws Refusal where the API key has as many of them under way as it may
 */
export async function whileReading<Result>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const leave = enter(request.server.lists, request.caller);
  const ending = new AbortController();
  const { streams } = request.server;
  streams.add(ending);
  // Nobody would hear what became of the rest.
  reply.raw.once('close', () => ending.abort());
  // While the disk is slow the caller waits, and is not gone.
  const { socket } = request.raw;
  if ('setTimeout' in socket) socket.setTimeout(0);
  try {
    const body = (request.body as Readable | undefined) ?? Readable.from([]);
    return await work(readUntil(body, ending.signal), ending.signal);
  } finally {
    streams.delete(ending);
    leave();
  }
}

/** Whoever may open the socket may do everything. */
function enter(lists: Map<string, number>, caller: Caller | undefined): () => void {
  if (caller?.apiKey === undefined) return () => undefined;
  const { id, name } = caller.apiKey;
  const before = lists.get(id) ?? 0;
  if (before >= listsOfKey) {
    throw new Refusal('too-many-requests', `the API key "${name}" has ${before} lists under way already`, {
      remedy: 'send one list after the other: the books take their lines in turn anyway',
    });
  }
  lists.set(id, before + 1);
  return () => {
    const left = (lists.get(id) ?? 1) - 1;
    if (left === 0) lists.delete(id);
    else lists.set(id, left);
  };
}

/** What comes until the signal: the stream itself is left as it is, because an answer is still to be sent. */
async function* readUntil(body: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = body.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await unlessAborted(bytes.next().catch(callerEnded), signal);
    if (next === undefined || next.done) return;
    yield next.value as Uint8Array;
  }
}

function callerEnded(): never {
  throw new TurnpikeError('unavailable', 'the caller ended before its last line', {
    remedy: 'send the same list again: what was done stays, and is not done twice',
  });
}
