import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { openStore, type Store } from '../store/store.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';

let store: Store;
let keys: ApiKeys;
const hash = (byte: number) => new Uint8Array(32).fill(byte);

beforeEach(async () => {
  store = await openStore(':memory:');
  keys = createApiKeys(store, systemClock);
});

afterEach(() => store.close());

describe('API keys', () => {
  it('are found by their hash until they are removed, by name or id', async () => {
    const backend = await keys.add({ name: 'backend', hash: hash(1) });
    const bot = await keys.add({ name: 'bot', hash: hash(2) });
    expect(await keys.find(hash(1))).toEqual(backend);
    expect(await keys.find(hash(3))).toBeUndefined();
    await keys.remove('backend');
    await keys.remove(bot.id);
    expect(await keys.find(hash(1))).toBeUndefined();
    expect(await keys.list()).toEqual([]);
  });

  it('have a name each', async () => {
    await keys.add({ name: 'backend', hash: hash(1) });
    await expect(keys.add({ name: 'backend', hash: hash(2) })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('that are not there cannot be removed', async () => {
    await expect(keys.remove('nothing')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are listed page by page', async () => {
    for (const byte of [1, 2, 3]) await keys.add({ name: `k${byte}`, hash: hash(byte) });
    const first = await keys.list({ limit: 2 });
    const rest = await keys.list({ limit: 2, after: first.at(-1)?.id ?? '' });
    expect(first.length).toBe(2);
    expect([...first, ...rest].map(({ name }) => name).sort()).toEqual(['k1', 'k2', 'k3']);
  });

  it('have cursors, also of one that was removed between two pages', async () => {
    for (const byte of [1, 2, 3]) await keys.add({ name: `k${byte}`, hash: hash(byte) });
    const [first, second] = await keys.list();
    await keys.remove(second?.id ?? '');
    expect((await keys.list({ after: second?.id ?? '' })).length).toBe(1);
    expect((await keys.list({ after: first?.id ?? '' })).length).toBe(1);
    for (const after of ['', 'x', 'dev_0000000000000000']) {
      await expect(keys.list({ after })).rejects.toMatchObject({ code: 'invalid' });
    }
  });
});
