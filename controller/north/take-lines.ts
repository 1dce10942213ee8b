import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { TurnpikeError } from '../../common/errors.ts';
import type { Api } from './api.ts';

/** The route takes lines in place of JSON, and they are handed on as they come. */
export function takeLines(api: Api): void {
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/x-ndjson', (_request, payload, done) => done(null, payload));
}

/** Works on a body that takes its time, until the caller or the controller ends. */
export async function whileReading<Result>(
  request: FastifyRequest,
  work: (bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  const { streams } = request.server;
  streams.add(ending);
  // While the disk is slow the caller waits, and is not gone.
  const { socket } = request.raw;
  if ('setTimeout' in socket) socket.setTimeout(0);
  try {
    const body = (request.body as Readable | undefined) ?? Readable.from([]);
    return await work(readUntil(body, ending.signal), ending.signal);
  } finally {
    streams.delete(ending);
  }
}

/** What comes until the signal: the stream itself is left as it is, because an answer is still to be sent. */
async function* readUntil(body: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = body.iterator({ destroyOnReturn: false });
  const aborted = once(signal, 'abort').then(() => undefined);
  for (;;) {
    const next = await Promise.race([bytes.next().catch(callerEnded), aborted]);
    if (next === undefined || next.done) return;
    yield next.value as Uint8Array;
  }
}

function callerEnded(): never {
  throw new TurnpikeError('unavailable', 'the caller ended before its last line', {
    remedy: 'send the same list again: what was done stays, and is not done twice',
  });
}
