import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { newId, parseId } from '../../common/ids.ts';
import type { Row } from '../store/schema.ts';
import type { Store } from '../store/store.ts';
import type { PageFilter } from './catalogue.ts';
import { notACursor } from './paging.ts';
import { parseName } from './words.ts';

/** Keys for the API over TCP. Only their hashes are here. */
export interface ApiKeys {
  /** @throws TurnpikeError `conflict` when the name is taken. */
  add(input: { name: string; hash: Uint8Array }): Promise<ApiKey>;
  list(page?: PageFilter): Promise<ApiKey[]>;
  /** By name or id. @throws TurnpikeError `not_found` */
  remove(key: string): Promise<ApiKey>;
  /** The key with this hash. */
  find(hash: Uint8Array): Promise<ApiKey | undefined>;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export function createApiKeys(store: Store, clock: Clock): ApiKeys {
  return {
    add: ({ name: given, hash }) =>
      store.transaction(async ({ db }) => {
        const name = parseName('key', given);
        const taken = await db
          .selectFrom('api_keys')
          .where('name', '=', name)
          .select('id')
          .executeTakeFirst();
        if (taken !== undefined) {
          throw new TurnpikeError('conflict', `there is an API key "${name}" already`, {
            remedy: 'choose another name, or remove that key first',
          });
        }
        const row = { id: newId('key'), name, hash, created_at: clock.now() };
        await db.insertInto('api_keys').values(row).execute();
        return view(row);
      }),

    list: ({ limit, after } = {}) =>
      store.transaction(async ({ db }) => {
        // By id, because a key that was removed between two pages must not lose the place.
        let query = db.selectFrom('api_keys').selectAll().orderBy('id');
        if (after !== undefined) query = query.where('id', '>', parseCursor(after));
        if (limit !== undefined) query = query.limit(limit);
        return (await query.execute()).map(view);
      }),

    remove: (key) =>
      store.transaction(async ({ db }) => {
        const row = await db
          .deleteFrom('api_keys')
          .where((column) => column.or([column('id', '=', key), column('name', '=', key)]))
          .returningAll()
          .executeTakeFirst();
        if (row === undefined) {
          throw new TurnpikeError('not_found', 'there is no such API key', {
            remedy: 'turnpike api-key list has them all',
          });
        }
        return view(row);
      }),

    find: (hash) =>
      store.transaction(async ({ db }) => {
        const row = await db.selectFrom('api_keys').where('hash', '=', hash).selectAll().executeTakeFirst();
        return row === undefined ? undefined : view(row);
      }),
  };
}

/** An id that once was, at least: an empty page would look like the end of the list. */
function parseCursor(text: string): string {
  try {
    return parseId('key', text);
  } catch {
    throw notACursor(text);
  }
}

function view({ id, name, created_at }: Row<'api_keys'>): ApiKey {
  return { id, name, createdAt: created_at };
}
