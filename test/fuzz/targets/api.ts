import fc from 'fast-check';
import type { Api } from '../../../controller/north/api.ts';
import { hold } from '../expect.ts';
import { type Asked, operationsOf, requestsFor } from '../operations.ts';
import { openShop } from '../shop.ts';
import type { FuzzTarget } from '../target.ts';

export const api: FuzzTarget = {
  name: 'api',
  holds: 'whatever is asked of any route is answered, or refused by a problem document; never with 5xx',
  files: [
    ...['server', 'problem', 'validation', 'paging', 'json'].map((file) => `controller/north/${file}.ts`),
    ...[
      'accounts',
      'subscriptions',
      'tariffs',
      'devices',
      'nodes',
      'groups',
      'words',
      'refund',
      'set-tariff',
    ].map((file) => `controller/catalogue/${file}.ts`),
  ],
  open: async () => {
    const shop = await openShop();
    const pools = shop.pools();
    const request = fc.oneof(
      ...(await operationsOf(shop.api)).map((operation) => requestsFor(operation, pools)),
    );
    return {
      property: fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
        await shop.renew();
        const ids = Object.entries(pools).flatMap(([name, all]) =>
          all.map((id, n) => [id, shop.pools()[name]?.[n]] as const),
        );
        for (const asked of requests) await ask(shop.api, renamed(asked, new Map(ids)));
      }) as fc.IAsyncProperty<unknown>,
      close: () => shop.close(),
    };
  },
};

/** Ids are made anew with each shop. */
function renamed(asked: Asked, own: ReadonlyMap<unknown, unknown>): Asked {
  const rename = (text: string) =>
    text.replace(/(?:sub|dev|adj)_[0-9a-z]{16}/g, (id) => String(own.get(id) ?? id));
  return {
    ...asked,
    url: rename(asked.url),
    payload: asked.payload === undefined ? undefined : rename(asked.payload),
  };
}

async function ask(api: Api, asked: Asked): Promise<void> {
  const { payload, ...rest } = asked;
  const answer = await api.inject({ ...rest, ...(payload !== undefined && { payload }) } as never);
  const { statusCode: status } = answer;
  const type = String(answer.headers['content-type'] ?? '');
  hold(status < 500, `${asked.method} ${asked.url} was answered with ${status}: ${answer.body}`);
  if (status < 400) return;
  hold(
    type.startsWith('application/problem+json'),
    `a refusal of ${asked.method} ${asked.url} is no problem document but ${type}`,
  );
  const problem = answer.json() as Record<string, unknown>;
  const { type: name, title, detail, status: told } = problem;
  hold(
    told === status && [name, title, detail].every((text) => typeof text === 'string' && text.length > 0),
    'a problem document is not whole',
  );
  hold(!/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e]/u.test(String(detail)), 'a problem repeats what terminals obey');
}
