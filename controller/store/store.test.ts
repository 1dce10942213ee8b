import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { recordEvent } from '../events/record.ts';
import { openStore, type Store, type Tx } from './store.ts';

let directory: string;
let path: string;
const open: Store[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-store-'));
  path = join(directory, 'turnpike.db');
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const store of open.splice(0)) await store.close();
  rmSync(directory, { recursive: true });
});

async function opened(): Promise<Store> {
  const store = await openStore(path);
  open.push(store);
  return store;
}

const account = (id: string) => ({ id, reference: id, created_at: 1_800_000_000_000 });
const references = (store: Store) =>
  store.transaction(async ({ db }) =>
    (await db.selectFrom('accounts').select('reference').execute()).map(({ reference }) => reference),
  );

describe('the store', () => {
  it('reads BIGINT as bigint, INTEGER as number, and an expression as bigint', async () => {
    const store = await opened();
    const row = await store.transaction(async ({ db }) => {
      await db.insertInto('accounts').values(account('a')).execute();
      await db
        .updateTable('fleet')
        .set({ revision: 2n ** 62n })
        .execute();
      return db
        .selectFrom(['fleet', 'accounts'])
        .select((row) => ['revision', 'created_at', row.fn.countAll<bigint>().as('count')])
        .executeTakeFirstOrThrow();
    });
    expect(row).toEqual({ revision: 2n ** 62n, created_at: 1_800_000_000_000, count: 1n });
  });

  it('keeps what was committed over a restart, and nothing of what was rolled back', async () => {
    const store = await opened();
    await store.transaction(({ db }) => db.insertInto('accounts').values(account('kept')).execute());
    const failing = store.transaction(async ({ db }) => {
      await db.insertInto('accounts').values(account('dropped')).execute();
      throw new Error('on purpose');
    });
    await expect(failing).rejects.toThrow('on purpose');
    await store.close();
    expect(await references(await opened())).toEqual(['kept']);
  });

  it('runs transactions one after the other', async () => {
    const store = await opened();
    const steps: string[] = [];
    const step = (name: string) =>
      store.transaction(async ({ revision }) => {
        steps.push(`${name} begins`);
        await revision();
        await Promise.resolve();
        steps.push(`${name} ends`);
      });
    await Promise.all([step('a'), step('b')]);
    expect(steps).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('gives one revision to a transaction and tells of it after the commit only', async () => {
    const store = await opened();
    const heard: string[] = [];
    store.onRevision(() => heard.push('revision'));
    const first = await store.transaction(async (tx) => {
      const revision = await tx.revision();
      expect(await tx.revision()).toBe(revision);
      expect(heard).toEqual([]);
      return revision;
    });
    expect(heard).toEqual(['revision']);
    await store.transaction(async () => {});
    await store
      .transaction(async (tx) => {
        await tx.revision();
        throw new Error('on purpose');
      })
      .catch(() => {});
    expect(heard).toEqual(['revision']);
    expect(await store.transaction((tx) => tx.revision())).toBe(first + 1n);
  });

  it('tells also of a commit that is there though its answer was lost', async () => {
    const prepare = DatabaseSync.prototype.prepare;
    let lost = false;
    vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (this: DatabaseSync, text) {
      const statement = prepare.call(this, text);
      if (!/^commit$/i.test(text)) return statement;
      const run = statement.run.bind(statement);
      statement.run = () => {
        const result = run();
        if (lost) throw new Error('the answer was lost');
        return result;
      };
      return statement;
    });
    const store = await opened();
    const heard: string[] = [];
    store.onRevision(() => heard.push('revision'));
    store.onEvent(() => heard.push('event'));
    lost = true;
    const unsure = store.transaction(async (tx) => {
      await tx.revision();
      await recordEvent(tx, { type: 'node.online', at: 0 });
      tx.afterCommit(() => heard.push('committed'));
    });
    await expect(unsure).rejects.toThrow('the answer was lost');
    expect(heard).toEqual(['revision', 'event']);
  });

  it('refuses a transaction within a transaction instead of waiting for ever', async () => {
    const store = await opened();
    await expect(store.transaction(() => references(store))).rejects.toThrow('within another');
  });

  describe('runs transactions together', () => {
    const add = (store: Store, id: string) =>
      store.transaction(async (tx) => {
        await tx.db.insertInto('accounts').values(account(id)).execute();
        tx.afterCommit(() => heard.push(id));
      });
    const failing = (store: Store, id: string) =>
      store.transaction(async (tx) => {
        await tx.db.insertInto('accounts').values(account(id)).execute();
        tx.afterCommit(() => heard.push(id));
        await tx.revision();
        throw new Error('on purpose');
      });
    let heard: string[] = [];
    beforeEach(() => {
      heard = [];
    });

    it('and makes them durable together: none when the whole fails', async () => {
      const store = await opened();
      const whole = store.together(async () => {
        await add(store, 'a');
        await add(store, 'b');
        expect(heard).toEqual([]);
        throw new Error('on purpose');
      });
      await expect(whole).rejects.toThrow('on purpose');
      expect(await references(store)).toEqual([]);
      expect(heard).toEqual([]);
    });

    it('of which one that fails leaves nothing, and the others stay', async () => {
      const store = await opened();
      const before = await store.transaction((tx) => tx.revision());
      await store.together(async ({ db }) => {
        await db.insertInto('accounts').values(account('whole')).execute();
        await add(store, 'a');
        await expect(failing(store, 'b')).rejects.toThrow('on purpose');
        await add(store, 'c');
      });
      expect(await references(store)).toEqual(['a', 'c', 'whole']);
      expect(heard).toEqual(['a', 'c']);
      expect(await store.transaction((tx) => tx.revision())).toBe(before + 1n);
    });

    it('and others within them', async () => {
      const store = await opened();
      await store.together(async () => {
        const inner = store.together(async () => {
          await add(store, 'a');
          await failing(store, 'b');
        });
        await expect(inner).rejects.toThrow('on purpose');
        await store.together(() => add(store, 'c'));
      });
      expect(await references(store)).toEqual(['c']);
      expect(heard).toEqual(['c']);
    });

    it('one after the other only', async () => {
      const store = await opened();
      const both = store.together(() => Promise.all([add(store, 'a'), add(store, 'b')]));
      await expect(both).rejects.toThrow('at once');
      expect(await references(store)).toEqual([]);
    });

    it('and commits nothing when the disk is full', async () => {
      const store = await opened();
      const full = store.together(async () => {
        await add(store, 'a');
        const part = store.transaction(async ({ db }) => {
          await sql`PRAGMA max_page_count = 1`.execute(db);
          for (let n = 0; n < 200; n++) {
            const reference = `${n}${'x'.repeat(1000)}`;
            await db
              .insertInto('accounts')
              .values({ ...account(`${n}`), reference })
              .execute();
          }
        });
        await part.catch(() => {});
      });
      await expect(full).rejects.toThrow(/disk .* is full/);
      expect(await references(store)).toEqual([]);
      expect(heard).toEqual([]);
    });
  });

  it('tells of events after the commit, once', async () => {
    const store = await opened();
    let told = 0;
    store.onEvent(() => {
      told += 1;
    });
    const record = (tx: Tx) => recordEvent(tx, { type: 'node.online', at: 0 });
    await store.transaction(async (tx) => {
      await record(tx);
      await record(tx);
      expect(told).toBe(0);
    });
    expect(told).toBe(1);
    await store
      .transaction(async (tx) => {
        await record(tx);
        throw new Error('on purpose');
      })
      .catch(() => {});
    expect(told).toBe(1);
  });

  it('refuses a file that another controller has open', async () => {
    await opened();
    await expect(openStore(path)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/in use by another/),
    });
  });

  it('refuses a file that is not a database', async () => {
    writeFileSync(path, 'once upon a time '.repeat(100));
    await expect(openStore(path)).rejects.toThrow('is not a database');
  });

  it('refuses a directory that is not there, and a path that is one', async () => {
    await expect(openStore(join(directory, 'missing', 'x.db'))).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/the directory .*missing is missing/),
    });
    await expect(openStore(directory)).rejects.toThrow('cannot be opened');
  });

  it('refuses a database that a newer version has written, and leaves it alone', async () => {
    await (await opened()).close();
    const other = new DatabaseSync(path);
    other.exec("INSERT INTO kysely_migration VALUES ('9999-later', '2030-01-01T00:00:00Z')");
    other.close();
    await expect(openStore(path)).rejects.toThrow('written by a newer version');
  });

  it('says that the disk is full, and changes nothing', async () => {
    const store = await opened();
    const full = store.transaction(async ({ db }) => {
      await db.insertInto('accounts').values(account('kept')).execute();
      await sql`PRAGMA max_page_count = 1`.execute(db);
      const text = 'x'.repeat(1000);
      for (let n = 0; n < 200; n++) {
        await db
          .insertInto('accounts')
          .values({ ...account(`${n}`), reference: `${n}${text}` })
          .execute();
      }
    });
    await expect(full).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/disk .* is full/),
    });
    expect(await references(store)).toEqual([]);
  });

  it('says that the database is read-only', async () => {
    const store = await opened();
    const refused = store.transaction(async ({ db }) => {
      await sql`PRAGMA query_only = on`.execute(db);
      await db.insertInto('accounts').values(account('a')).execute();
    });
    await expect(refused).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/read-only/),
    });
  });
});
