import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { type ApiClient, answerOf, type Query } from './client.ts';
import type { Event } from './gen/api.ts';

const firstPauseMs = 1000;
const longestPauseMs = 30_000;

/**
 * Events after the one with the id `after` as they happen, until `signal` aborts. Where the stream breaks, it begins
 * anew after the last event that came: none is left out, and none comes twice.
 * @throws TurnpikeError what the controller refuses
 */
export async function* followEvents(
  api: ApiClient,
  clock: Pick<Clock, 'sleep'>,
  query: Query<'listEvents'>,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<Event> {
  let last = after;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    try {
      for await (const { id, data } of await open(api, query, last, signal)) {
        if (id === undefined) continue;
        yield JSON.parse(data) as Event;
        last = id;
        pauseMs = firstPauseMs;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof TurnpikeError) || error.code !== 'unavailable') throw error;
    }
    await clock.sleep(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  }
}

async function open(api: ApiClient, query: Query<'listEvents'>, last: string, signal: AbortSignal) {
  const headers = { accept: 'text/event-stream', 'last-event-id': last };
  const asked = api.GET('/v1/events', { params: { query }, headers, parseAs: 'stream', signal });
  const bytes = (await answerOf(asked)) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>;
  return bytes.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
}
