import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandingClock } from '../../test/unit/books/rig.ts';
import { openStore, type Store } from '../store/store.ts';
import { covers, type Scope, scopes } from './api-key-scopes.ts';
import { type ApiKeys, createApiKeys } from './api-keys.ts';

let store: Store;
let keys: ApiKeys;
let clock: StandingClock;
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const read: readonly Scope[] = ['read'];

beforeEach(async () => {
  store = await openStore(':memory:');
  clock = new StandingClock();
  keys = createApiKeys({ store, clock, backups: { directory: '/nowhere', keepDays: 30 } });
});

afterEach(() => store.close());

describe('API keys', () => {
  it('are found by their hash until they are removed, by name or id', async () => {
    const backend = await keys.add({ name: 'backend', scopes: read, hash: hash(1) });
    const bot = await keys.add({ name: 'bot', scopes: read, hash: hash(2) });
    expect(await keys.use(hash(1))).toEqual(backend);
    expect(await keys.use(hash(3))).toBeUndefined();
    await keys.remove('backend');
    await keys.remove(bot.id);
    expect(await keys.use(hash(1))).toBeUndefined();
    expect(await keys.list()).toEqual([]);
  });

  it('know the day of their last use, and no finer', async () => {
    await keys.add({ name: 'bot', scopes: read, hash: hash(1) });
    expect((await keys.get('bot')).lastUsedDay).toBeNull();
    await keys.use(hash(1));
    expect((await keys.get('bot')).lastUsedDay).toBe('2026-11-22');
    clock.pass(24 * 3600_000);
    await keys.use(hash(1));
    expect((await keys.get('bot')).lastUsedDay).toBe('2026-11-23');
  });

  it('end at their expiry, and go on when it is put off', async () => {
    await keys.add({ name: 'bot', scopes: read, hash: hash(1), expires: '2026-11-23' });
    await keys.use(hash(1));
    clock.pass(12 * 3600_000);
    await expect(keys.use(hash(1))).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('2026-11-23'),
    });
    await keys.set('bot', { expires: null });
    expect(await keys.use(hash(1))).toMatchObject({ expiresAt: null });
    await expect(keys.set('bot', { expires: '2026-01-01' })).rejects.toMatchObject({ field: 'expires' });
  });

  it('are rotated: the one before goes on as long as asked, and the one before that ends', async () => {
    const { id } = await keys.add({ name: 'bot', scopes: read, hash: hash(1) });
    await keys.rotate('bot', { hash: hash(2), overlapSeconds: 3600 });
    expect(await keys.use(hash(1))).toMatchObject({ id });
    expect(await keys.use(hash(2))).toMatchObject({ id });
    clock.pass(3600_000);
    expect(await keys.use(hash(1))).toBeUndefined();
    await keys.rotate('bot', { hash: hash(3), overlapSeconds: 3600 });
    await keys.rotate('bot', { hash: hash(4), overlapSeconds: 0 });
    for (const old of [1, 2, 3]) expect(await keys.use(hash(old))).toBeUndefined();
    expect(await keys.use(hash(4))).toMatchObject({ id, previousUntilAt: null });
  });

  it('have a name each, and a scope', async () => {
    await keys.add({ name: 'backend', scopes: read, hash: hash(1) });
    const again = keys.add({ name: 'backend', scopes: read, hash: hash(2) });
    await expect(again).rejects.toMatchObject({ code: 'conflict' });
    await expect(keys.set('backend', { scopes: [] })).rejects.toMatchObject({ field: 'scopes' });
  });

  it('that are not there cannot be removed', async () => {
    await expect(keys.remove('nothing')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are listed page by page', async () => {
    for (const byte of [1, 2, 3]) await keys.add({ name: `k${byte}`, scopes: read, hash: hash(byte) });
    const first = await keys.list({ limit: 2 });
    const rest = await keys.list({ limit: 2, after: first.at(-1)?.id ?? '' });
    expect(first.length).toBe(2);
    expect([...first, ...rest].map(({ name }) => name).sort()).toEqual(['k1', 'k2', 'k3']);
  });

  it('have cursors, also of one that was removed between two pages', async () => {
    for (const byte of [1, 2, 3]) await keys.add({ name: `k${byte}`, scopes: read, hash: hash(byte) });
    const [first, second] = await keys.list();
    await keys.remove(second?.id ?? '');
    expect((await keys.list({ after: second?.id ?? '' })).length).toBe(1);
    expect((await keys.list({ after: first?.id ?? '' })).length).toBe(1);
    for (const after of ['', 'x', 'dev_0000000000000000']) {
      await expect(keys.list({ after })).rejects.toMatchObject({ code: 'invalid' });
    }
  });
});

describe('scopes', () => {
  it.each([
    ['read', 'read'],
    ['support', 'read support'],
    ['subscriptions', 'read support subscriptions'],
    ['nodes', 'read nodes'],
    ['admin', 'read support subscriptions nodes admin'],
  ] as const)('%s covers %s', (scope, covered) => {
    expect(scopes.filter((needed) => covers([scope], needed)).join(' ')).toBe(covered);
  });

  it('add up', () => {
    expect(scopes.filter((needed) => covers(['nodes', 'support'], needed))).toEqual([
      'read',
      'support',
      'nodes',
    ]);
  });
});
