import createClient, { type Client } from 'openapi-fetch';
import { systemClock } from '../../common/clock.ts';
import type { operations, paths } from './gen/api.ts';
import { changeOnce } from './once.ts';
import { notOurs, problemToError } from './problem.ts';
import { type Endpoint, fetchFrom } from './transport.ts';

/**
 * The client that is generated from the API's description: paths, queries, bodies and answers are checked by the
 * compiler. Problem documents become the TurnpikeError that the controller threw.
 */
export type ApiClient = Client<paths, 'application/json' | 'text/plain'>;

/** What an operation takes. */
export type Body<Operation extends keyof operations> = operations[Operation] extends {
  requestBody: { content: { 'application/json': infer Given } };
}
  ? Given
  : never;

/** What an operation takes as its query. */
export type Query<Operation extends keyof operations> = NonNullable<
  operations[Operation]['parameters']['query']
>;

/** @param idempotencyKey of the changes that are made with it; undefined: one of its own */
export function openClient(endpoint: Endpoint, idempotencyKey?: string): ApiClient {
  const client: ApiClient = createClient({
    // On a socket the host says nothing.
    baseUrl: 'socket' in endpoint ? 'http://turnpike' : endpoint.url,
    headers: {
      accept: 'application/json, application/problem+json',
      ...('apiKey' in endpoint && endpoint.apiKey && { authorization: `Bearer ${endpoint.apiKey}` }),
    },
    fetch: changeOnce(fetchFrom(endpoint), systemClock, idempotencyKey),
  });
  client.use({
    onResponse: async ({ response }) => {
      if (!response.ok) throw problemToError(response.status, await response.text());
      if (response.headers.get('content-type')?.startsWith('text/html')) throw notOurs(response.status);
    },
  });
  return client;
}

/** What an operation answered. */
export async function answerOf<Data>(asked: Promise<{ data?: Data }>): Promise<Data> {
  return (await asked).data as Data;
}

/** Names that stand in the path. */
export function inPath<Names extends Record<string, string>>(path: Names) {
  return { params: { path } };
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: Item[];
  /** Cursor of the next page; null on the last one. */
  readonly next: string | null;
}

/** All pages of a list as one. */
export async function allPages<Item>(
  ask: (paging: { limit: number; cursor?: string }) => Promise<{ data?: Page<Item> }>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await answerOf(ask({ limit: 1000, ...(cursor !== null && { cursor }) }));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return { items, next: null };
}

type Given<Fields> = {
  [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key];
} & {
  [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<Fields[Key], undefined>;
};

/** Only what was given: the API refuses what it does not know, and null is not "not given". */
export function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<Fields>;
}
