import { afterEach, beforeEach, expect, it } from 'vitest';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import type { PageFilter, Search } from './catalogue.ts';
import { cursorOf, type Listed } from './cursor.ts';
import type { List } from './order.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

/** All pages of two items each. */
async function pages<Item extends Listed>(
  name: List,
  search: string,
  list: (page: Search & PageFilter) => Promise<Item[]>,
): Promise<Item[]> {
  const all: Item[] = [];
  for (;;) {
    const last = all.at(-1);
    const after = last === undefined ? {} : { after: cursorOf(name, last, search) };
    const page = await list({ limit: 2, search, ...after });
    all.push(...page);
    if (page.length < 2) return all;
  }
}

it('a search finds what begins so, in its order and page by page: accounts, subscriptions, devices', async () => {
  const { catalogue } = rig.books;
  const references = ['a%', 'ab', 'äb', 'a', 'b', 'ac', 'A', 'a_c', 'aa'];
  await catalogue.addTariff({ name: 't', volumeBytes: null });
  for (const reference of references) {
    await catalogue.addAccount({ reference });
    await catalogue.createSubscription({ account: reference, tariff: 't', reference });
    await catalogue.addDevice({ subscription: reference, label: reference });
  }
  await catalogue.createSubscription({ account: 'b', tariff: 't' });
  const expected = references.filter((one) => one.startsWith('a')).sort();
  const found = {
    accounts: (await pages('accounts', 'a', catalogue.listAccounts)).map((one) => one.reference),
    subscriptions: (await pages('subscriptions', 'a', catalogue.listSubscriptions)).map(
      (one) => one.reference,
    ),
    devices: (await pages('devices', 'a', catalogue.listDevices)).map((one) => one.label),
  };
  expect(found).toEqual({ accounts: expected, subscriptions: expected, devices: expected });
  expect((await catalogue.listAccounts({ search: 'a%' })).map((one) => one.reference)).toEqual(['a%']);
  expect((await catalogue.listAccounts({ search: 'a\u0308' })).map((one) => one.reference)).toEqual(['äb']);
  expect(await catalogue.listSubscriptions({ search: 'c' })).toEqual([]);
});

it('devices that have a label in common are all found, and one by its whole public key', async () => {
  const { catalogue } = rig.books;
  const subscription = await rig.subscription();
  const { publicKey } = generateWireguardKeyPair();
  const made = [await catalogue.addDevice({ subscription, publicKey, label: 'phone' })];
  for (const _ of [1, 2, 3, 4]) made.push(await catalogue.addDevice({ subscription, label: 'phone' }));
  const ids = made.map(({ device }) => device.id);
  const found = await pages('devices', 'pho', catalogue.listDevices);
  expect(found.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect((await catalogue.listDevices({ search: publicKey })).map((one) => one.publicKey)).toEqual([
    publicKey,
  ]);
});
