import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TurnpikeError } from '../../common/errors.ts';

/** Where the API is: a unix socket on this machine, or a URL with an API key. */
export type Endpoint =
  | { readonly socket: string }
  | { readonly url: string; readonly apiKey: string | undefined };

/** Without its key. */
export function describeEndpoint(endpoint: Endpoint): string {
  return 'socket' in endpoint ? endpoint.socket : endpoint.url;
}

/** Without a word from the other side for that long, it is given up. */
const timeoutMs = 30_000;

/** Statuses whose answers have no body. */
const bodyless = new Set([204, 205, 304]);

/** `fetch` as it is known, over unix sockets too. What hinders it are TurnpikeErrors. */
export function fetchFrom(endpoint: Endpoint): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const message = await send(endpoint, request);
      const status = message.statusCode ?? 500;
      return new Response(bodyless.has(status) ? null : ReadableStream.from(read(message, endpoint)), {
        status,
        headers: Object.entries(message.headersDistinct).flatMap(([name, values]) =>
          (values ?? []).map((value): [string, string] => [name, value]),
        ),
      });
    } catch (error) {
      throw describeConnection(endpoint, error as Error);
    }
  };
}

async function send(endpoint: Endpoint, request: Request): Promise<IncomingMessage> {
  const { method, signal } = request;
  const url = new URL(request.url);
  const open = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = open(url, {
    ...{ method, signal, timeout: timeoutMs, headers: Object.fromEntries(request.headers) },
    ...('socket' in endpoint && { socketPath: endpoint.socket }),
  });
  sent.on('timeout', () => sent.destroy(new TurnpikeError('unavailable', `no answer in 30 s`)));
  sent.on('response', resolve);
  sent.on('error', reject);
  if (request.body === null) sent.end();
  // A server may refuse before it has read all: then its answer counts.
  else pipeline(Readable.fromWeb(request.body), sent).catch(reject);
  return promise;
}

async function* read(message: IncomingMessage, endpoint: Endpoint): AsyncGenerator<Uint8Array> {
  try {
    yield* message;
  } catch (error) {
    throw describeConnection(endpoint, error as Error);
  }
}

function describeConnection(endpoint: Endpoint, error: Error & { code?: string }): Error {
  if (error instanceof TurnpikeError || error.name === 'AbortError') return error;
  if ('socket' in endpoint) {
    if (error.code === 'EACCES' || error.code === 'EPERM') {
      return new TurnpikeError('forbidden', `you may not use ${endpoint.socket}`, {
        remedy: 'run as root or as the user of turnpike-controller',
      });
    }
    return new TurnpikeError('unavailable', `the controller is not reachable on ${endpoint.socket}`, {
      remedy: 'is turnpike-controller running? Another socket is named with --socket or TURNPIKE_SOCKET',
      cause: error,
    });
  }
  return new TurnpikeError(
    'unavailable',
    `the controller is not reachable at ${endpoint.url}: ${error.code ?? error.message}`,
    { remedy: 'is turnpike-controller running there with api.listen set?', cause: error },
  );
}
