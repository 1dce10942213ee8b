import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StandingClock } from '../../test/unit/books/rig.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Answer, type Changes, createChanges, type Repeatable } from './changes.ts';
import { forgetAnswers } from './forget.ts';
import { fingerprint, seal, unseal } from './seal.ts';

let store: Store;
let clock: StandingClock;
let changes: Changes;
const repeatable: Repeatable = { caller: 'key_1', secret: 's', key: 'k', request: { body: { a: 1, b: 2 } } };

beforeEach(async () => {
  store = await openStore(':memory:');
  clock = new StandingClock();
  changes = createChanges({ store, clock });
});
afterEach(() => store.close());

const addAccount = async (id: string) => {
  await store.transaction(({ db }) =>
    db.insertInto('accounts').values({ id, reference: id, created_at: 0 }).execute(),
  );
  return { status: 201, body: { privateKey: 'SECRET', id } };
};
const make = (wanted: Repeatable | undefined, work: () => Promise<Answer>) =>
  changes.make(wanted, work, async () => {});
const accounts = () => store.transaction(({ db }) => db.selectFrom('accounts').select('id').execute());

describe('a change', () => {
  it('and the note that it was made are one: without the note there is no change', async () => {
    await store.transaction(({ db }) => sql`DROP TABLE idempotency_keys`.execute(db));
    await store.transaction(({ db }) =>
      sql`CREATE TABLE idempotency_keys (caller, key_hash, fingerprint, status, answer, created_at,
        CHECK (created_at IS NULL))`.execute(db),
    );
    await expect(make(repeatable, () => addAccount('a'))).rejects.toThrow(/CHECK/);
    expect(await accounts()).toEqual([]);
  });

  it('that was refused keeps what it did before the refusal', async () => {
    const refused = make(repeatable, async () => {
      await addAccount('a');
      throw new Error('refused');
    });
    await expect(refused).rejects.toThrow('refused');
    expect(await accounts()).toEqual([{ id: 'a' }]);
  });

  it('that cannot be written down is not made', async () => {
    const work = () => addAccount('a');
    const record = () => Promise.reject(new Error('full'));
    await expect(changes.make(repeatable, work, record)).rejects.toThrow('full');
    expect(await accounts()).toEqual([]);
  });

  it('of several calls is whole or not at all where that is asked', async () => {
    const half = make(undefined, () =>
      changes.whole(async () => {
        await addAccount('a');
        throw new Error('refused');
      }),
    );
    await expect(half).rejects.toThrow('refused');
    expect(await accounts()).toEqual([]);
  });

  it('leaves nothing in the database of what was in its answer, its request or its key', async () => {
    await make({ ...repeatable, key: 'KEYKEYKEY' }, () => addAccount('a'));
    const rows = await store.transaction(({ db }) => db.selectFrom('idempotency_keys').selectAll().execute());
    expect(rows).toHaveLength(1);
    const stored = rows.flatMap((row) =>
      Object.values(row).map((value) => (typeof value === 'object' ? Buffer.from(value) : String(value))),
    );
    for (const secret of ['SECRET', 'KEYKEYKEY', 'account']) {
      expect(stored.some((value) => value.includes(secret))).toBe(false);
    }
  });

  it('is forgotten after a day', async () => {
    await make(repeatable, () => addAccount('a'));
    clock.pass(24 * 3600_000 - 1);
    await forgetAnswers({ store, clock });
    expect(await make(repeatable, () => addAccount('b'))).toMatchObject({ kind: 'repeated' });
    clock.pass(1);
    await forgetAnswers({ store, clock });
    const left = await store.transaction(({ db }) => db.selectFrom('idempotency_keys').selectAll().execute());
    expect(left).toEqual([]);
  });
});

describe('the seal', () => {
  it('opens for the same key and secret only, and notices what was changed', () => {
    const sealed = seal('answer', 'key', 'secret');
    expect(unseal(sealed, 'key', 'secret')).toBe('answer');
    expect(unseal(sealed, 'key', 'other')).toBeUndefined();
    expect(unseal(sealed, 'other', 'secret')).toBeUndefined();
    expect(unseal(sealed, 'secret', 'key')).toBeUndefined();
    sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
    expect(unseal(sealed, 'key', 'secret')).toBeUndefined();
  });

  it('has a fingerprint of a request, whatever the order of its keys', () => {
    const one = fingerprint('k', { a: 1, b: { c: [1, 2], d: null } });
    expect(fingerprint('k', { b: { d: null, c: [1, 2] }, a: 1 })).toEqual(one);
    expect(fingerprint('k', { a: 1, b: { c: [2, 1], d: null } })).not.toEqual(one);
    expect(fingerprint('other', { a: 1, b: { c: [1, 2], d: null } })).not.toEqual(one);
  });
});
