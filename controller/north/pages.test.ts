import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import { apiOn } from '../../test/unit/north-api.ts';
import type { Api } from './api.ts';

let rig: Rig;
let api: Api;
beforeEach(async () => {
  rig = await openRig();
  api = await apiOn(rig, 'socket');
  await stock();
});
afterEach(async () => {
  await api.close();
  await rig.books.close();
});

/** Five of everything, some of them of the same moment. */
async function stock(): Promise<void> {
  const { catalogue, webhooks, apiKeys } = rig.books;
  await catalogue.addTariff({ name: 'sold', volumeBytes: null });
  for (const n of [1, 2, 3, 4, 5]) {
    await catalogue.addAccount({ reference: `c-ä${n}` });
    await catalogue.createSubscription({ account: `c-ä${n}`, tariff: 'sold', reference: `s-${n}` });
    await catalogue.addDevice({ subscription: `s-${n}`, label: `d-${n > 2 ? 'same' : n}` });
    await catalogue.addNode({ name: `n-${n}`, endpoint: `n-${n}.example.net:1` });
    await catalogue.addTariff({ name: `t-${n}`, volumeBytes: null });
    await catalogue.addGroup({ name: `g-${n}` });
    await webhooks.add({ url: `https://example.net/${n}`, types: null });
    await apiKeys.add({ name: `k-${n}`, scopes: ['read'], hash: new Uint8Array(32).fill(n) });
    rig.clock.pass(n % 2);
  }
}

interface Item {
  readonly id: string;
  readonly accountId: string;
}
type Change = (item: Item) => Promise<unknown>;

async function ask(url: string): Promise<{ items: Item[]; next: string | null }> {
  const answer = await api.inject(url);
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json();
}

/** All pages of two items, after each of which its last item is changed. */
async function pagesBetween(list: string, change: Change): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = ''; ; ) {
    const { items, next } = await ask(`${list}limit=2${cursor}`);
    ids.push(...items.map(({ id }) => id));
    if (next === null) return ids;
    await change(items.at(-1) as Item);
    cursor = `&cursor=${next}`;
  }
}

const remove = {
  account: ({ id }: Item) => rig.books.privacy.erase(id),
  subscription: ({ accountId }: Item) => rig.books.privacy.erase(accountId),
  device: ({ id }: Item) => rig.books.catalogue.removeDevice(id),
};
const label =
  (text: string | null): Change =>
  ({ id }) =>
    rig.books.catalogue.setDevice(id, { label: text });
const rename =
  (start: string): Change =>
  ({ id }) =>
    rig.books.catalogue.setSubscription(id, { reference: `${start}${id.slice(4)}` });
const rectify =
  (start: string): Change =>
  ({ id }) =>
    rig.books.privacy.rectify(id, { reference: `${start}${id.slice(4)}` });

it.each<[string, string, Change]>([
  ['/v1/accounts?', 'erased', remove.account],
  ['/v1/accounts?search=c-&', 'erased', remove.account],
  ['/v1/accounts?search=c-&', 'given a later reference', rectify('zz')],
  ['/v1/accounts?search=c-&', 'given an earlier reference', rectify('c-!')],
  ['/v1/subscriptions?', 'erased', remove.subscription],
  ['/v1/subscriptions?search=s-&', 'erased', remove.subscription],
  ['/v1/subscriptions?search=s-&', 'given a later reference', rename('zz')],
  ['/v1/subscriptions?search=s-&', 'given an earlier reference', rename('s-!')],
  ['/v1/devices?', 'removed', remove.device],
  ['/v1/devices?search=d-&', 'removed', remove.device],
  ['/v1/devices?search=d-&', 'given a later label', label('zz')],
  ['/v1/devices?search=d-&', 'given an earlier label', label('d-!')],
  ['/v1/devices?search=d-&', 'left without a label', label(null)],
  ['/v1/nodes?', 'removed', ({ id }) => rig.books.catalogue.removeNode(id)],
  ['/v1/groups?', 'changed', ({ id }) => rig.books.catalogue.setGroup(id, { mtu: 1400 })],
  [
    '/v1/tariffs?',
    'removed, where nobody has it',
    async ({ id }) => rig.books.catalogue.removeTariff(id).catch(() => undefined),
  ],
  ['/v1/webhooks?', 'removed', ({ id }) => rig.books.webhooks.remove(id)],
  ['/v1/api-keys?', 'removed', ({ id }) => rig.books.apiKeys.remove(id)],
])(
  'pages of %s leave nothing out and repeat nothing when the last item is %s',
  async (list, _how, change) => {
    const whole = (await ask(`${list}limit=1000`)).items.map(({ id }) => id);
    expect(whole.length).toBeGreaterThan(4);
    expect(await pagesBetween(list, change)).toEqual(whole);
  },
);

describe('a cursor', () => {
  const lists = [
    ...['/v1/accounts?', '/v1/subscriptions?', '/v1/devices?', '/v1/nodes?', '/v1/groups?', '/v1/tariffs?'],
    ...['/v1/webhooks?', '/v1/api-keys?', '/v1/accounts?search=c-&', '/v1/subscriptions?search=s-&'],
    ...['/v1/devices?search=d-&', '/v1/devices?search=d-s&'],
  ];

  it('of another list, order or search is refused', async () => {
    const cursors = await Promise.all(lists.map(async (list) => (await ask(`${list}limit=1`)).next ?? ''));
    for (const [at, list] of lists.entries()) {
      for (const [from, cursor] of cursors.entries()) {
        const within = lists[from] === '/v1/devices?search=d-s&' && list === '/v1/devices?search=d-&';
        const { statusCode } = await api.inject(`${list}cursor=${cursor}`);
        expect(statusCode, `${lists[from]} in ${list}`).toBe(at === from || within ? 200 : 400);
      }
    }
  });

  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  it.each(['', 'x', 'acc_0000000000000000', ...[{}, null, 7, [], [null], [{}, {}], [0, 'tar_']].map(base64)])(
    'that is none is refused: %s',
    async (cursor) => {
      for (const list of [...lists, '/v1/audit?', '/v1/events?']) {
        const answer = await api.inject(`${list}cursor=${cursor}`);
        expect(answer.statusCode, list).toBe(400);
        expect(answer.json().detail).toContain('is not a cursor of this list');
      }
    },
  );

  it('has room for the longest reference', async () => {
    for (const first of ['語', '譲', '"']) {
      await rig.books.catalogue.addAccount({ reference: `x${first}${'語'.repeat(126)}` });
    }
    const whole = (await ask('/v1/accounts?search=x')).items.map(({ id }) => id);
    const { next } = await ask('/v1/accounts?search=x&limit=2');
    expect(next?.length).toBeGreaterThan(500);
    expect((await ask(`/v1/accounts?search=x&cursor=${next}`)).items.map(({ id }) => id)).toEqual(
      whole.slice(2),
    );
  });
});
