import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore, type Store } from '../store/store.ts';
import { findChanged, findReached } from './reached.ts';

let store: Store;
beforeEach(async () => {
  store = await openStore(':memory:');
  await store.transaction(async ({ db }) => {
    for (const id of ['acc_1', 'acc_2', 'acc_3']) {
      const linked = {
        link: 'both',
        tag: null,
        suspended_at: null,
        suspension_reason: null,
        restricted_at: null,
      };
      await db
        .insertInto('accounts')
        .values({ ...linked, id, reference: id, created_at: 1 })
        .execute();
    }
  });
});
afterEach(() => store.close());

/** Which of the accounts are not as they were before that statement. */
const changedBy = (statement: string) =>
  store.transaction(async (tx) => {
    const before = await findReached(tx, ['acc_1']);
    await sql.raw(statement).execute(tx.db);
    return findChanged(tx, before);
  });

it('an account of which any column is another is changed, and no other', async () => {
  expect(await changedBy(`UPDATE accounts SET suspended_at = 5 WHERE id = 'acc_2'`)).toEqual(['acc_2']);
  expect(await changedBy(`UPDATE accounts SET suspended_at = 5 WHERE id = 'acc_2'`)).toEqual([]);
});

it('also when the column holds what no number can', async () => {
  await store.transaction(({ db }) => sql`ALTER TABLE accounts ADD COLUMN bytes BIGINT`.execute(db));
  expect(await changedBy(`UPDATE accounts SET bytes = ${2n ** 62n} WHERE id = 'acc_2'`)).toEqual(['acc_2']);
  expect(await changedBy(`UPDATE accounts SET bytes = ${2n ** 62n + 1n} WHERE id = 'acc_2'`)).toEqual([
    'acc_2',
  ]);
  expect(await changedBy(`UPDATE accounts SET reference = 'x' WHERE id = 'acc_2'`)).toEqual(['acc_2']);
});

it('who is linked with others than before is changed, whatever the link is called', async () => {
  expect(await changedBy(`UPDATE accounts SET link = 'all'`)).toEqual([]);
  expect(await changedBy(`UPDATE accounts SET link = NULL WHERE id = 'acc_3'`)).toEqual([
    ...['acc_1', 'acc_2', 'acc_3'],
  ]);
});
