import type { FastifyReply, FastifyRequest } from 'fastify';
import { unlessAborted } from '../../common/unless-aborted.ts';
import type { EventFilter } from '../events/list.ts';
import { mayGoOn } from './access.ts';
import type { RouteContext } from './api.ts';
import { toJson } from './json.ts';

interface Wanted extends Pick<EventFilter, 'type' | 'subscription'> {
  readonly cursor: string | undefined;
}

/** Events as they happen, as server-sent events, until the caller or the controller ends. */
export async function streamEvents(
  { apiKeys }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { cursor, ...filter }: Wanted,
): Promise<void> {
  const after = reply.sse.lastEventId ?? cursor;
  const { catalogue } = request;
  const wanted = { ...filter, ...(after !== undefined && { after }) };
  // What is wrong with the request is said before the stream begins.
  await catalogue.listEvents({ ...wanted, limit: 1 });
  const closed = new AbortController();
  reply.sse.onClose(() => closed.abort());
  const { streams } = request.server;
  streams.add(closed);
  try {
    reply.sse.sendHeaders();
    // At once, and not with the first event or heartbeat: until then a listener does not know that it listens.
    reply.raw.flushHeaders();
    for await (const event of catalogue.followEvents(wanted, closed.signal)) {
      if (!(await mayGoOn(request.caller, 'read', apiKeys))) break;
      const sent = reply.sse.send({ id: event.id, event: event.type, data: toJson(event) });
      // One who reads nothing and is cut off makes no room, and is no error: nothing would be heard of it.
      await unlessAborted(sent, closed.signal);
    }
  } finally {
    streams.delete(closed);
    reply.sse.close();
  }
}
