import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import { exitCodes } from '../../common/exit.ts';

/** Where the API is: a unix socket on this machine, or a URL with an API key. */
export type Endpoint =
  | { readonly socket: string }
  | { readonly url: string; readonly apiKey: string | undefined };

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
}

const timeoutMs = 30_000;

/** Speaks to the HTTP API. Problem documents become the TurnpikeError that the controller threw. */
export class ApiClient {
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  get<Answer>(path: string, query: Query = {}): Promise<Answer> {
    return this.send('GET', path + encodeQuery(query));
  }

  /** @param body left out: a request without one. */
  async send<Answer>(method: Method, path: string, body?: object): Promise<Answer> {
    const text = await this.#exchange(method, path, body);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }

  text(path: string, query: Query = {}): Promise<string> {
    return this.#exchange('GET', path + encodeQuery(query), undefined);
  }

  /** All pages of a list as one. */
  async all<Item>(path: string, query: Query = {}): Promise<Page<Item>> {
    const items: Item[] = [];
    let cursor: string | null | undefined;
    do {
      const page: Page<Item> = await this.get(path, { ...query, limit: '1000', cursor: cursor ?? undefined });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor);
    return { items, next: null };
  }

  async #exchange(method: Method, path: string, body: object | undefined): Promise<string> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.#send(method, path, payload);
    const text = await readText(answer);
    if ((answer.statusCode ?? 500) < 300) return text;
    throw problemToError(answer.statusCode ?? 500, text);
  }

  #send(method: Method, path: string, payload: string | undefined): Promise<IncomingMessage> {
    const endpoint = this.#endpoint;
    const headers: Record<string, string | number> = { accept: 'application/json, application/problem+json' };
    if (payload !== undefined) {
      headers['content-type'] = 'application/json';
      headers['content-length'] = Buffer.byteLength(payload);
    }
    const options: RequestOptions = { method, headers, timeout: timeoutMs };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request =
      'socket' in endpoint
        ? requestHttp({ ...options, socketPath: endpoint.socket, path }, resolve)
        : this.#open(endpoint, path, options, resolve);
    request.on('timeout', () => request.destroy(new TurnpikeError('unavailable', `no answer in 30 s`)));
    request.on('error', (error) => reject(describeConnection(endpoint, error)));
    request.end(payload);
    return promise;
  }

  #open(
    endpoint: { url: string; apiKey: string | undefined },
    path: string,
    options: RequestOptions,
    onAnswer: (answer: IncomingMessage) => void,
  ) {
    const url = new URL(endpoint.url.replace(/\/$/, '') + path);
    const headers = {
      ...(options.headers as Record<string, string>),
      ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
    };
    const open = url.protocol === 'https:' ? requestHttps : requestHttp;
    return open(url, { ...options, headers }, onAnswer);
  }
}

export type Query = Readonly<Record<string, string | undefined>>;

function encodeQuery(query: Query): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? '' : `?${new URLSearchParams(set)}`;
}

async function readText(answer: IncomingMessage): Promise<string> {
  answer.setEncoding('utf8');
  let text = '';
  for await (const chunk of answer) text += chunk;
  return text;
}

interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly remedy?: string;
}

const problemPrefix = 'urn:turnpike:problem:';

function problemToError(status: number, text: string): TurnpikeError {
  let problem: Problem;
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    problem = {};
  }
  if (problem.type?.startsWith(problemPrefix) !== true) {
    return new TurnpikeError('unavailable', `what answers is not Turnpike's API (status ${status})`, {
      remedy: 'look at --socket or --url',
    });
  }
  const code = problem.type.slice(problemPrefix.length).replaceAll('-', '_');
  return new TurnpikeError(
    code in exitCodes ? (code as ErrorCode) : codeOfStatus(status),
    problem.detail ?? problem.title ?? code,
    problem.remedy === undefined ? {} : { remedy: problem.remedy },
  );
}

/** Of the problems that are HTTP's alone. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 403) return 'forbidden';
  if (status === 409 || status === 412) return 'conflict';
  return status === 429 ? 'unavailable' : 'invalid';
}

function describeConnection(endpoint: Endpoint, error: Error & { code?: string }): TurnpikeError {
  if (error instanceof TurnpikeError) return error;
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
