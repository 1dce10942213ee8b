import { TurnpikeError } from '../../common/errors.ts';
import { newId, parseId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import { hashOfSecret, noteRemoved } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import { parseInstant } from '../calendar/time-zone.ts';
import { utcDayOf } from '../calendar/utc-day.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { type Scope, scopes } from './api-key-scopes.ts';
import type { PageFilter } from './catalogue.ts';
import { notACursor } from './cursor.ts';
import { parseTag } from './reach.ts';
import { parseName } from './words.ts';

/** Keys for the API over TCP. Only their hashes are here. */
export interface ApiKeys {
  /** @throws TurnpikeError `conflict` when the name is taken. */
  add(input: NewApiKey): Promise<ApiKey>;
  list(page?: PageFilter): Promise<ApiKey[]>;
  /** By name or id, as all that follow. @throws TurnpikeError `not_found` */
  get(key: string): Promise<ApiKey>;
  set(key: string, settings: ApiKeySettings): Promise<ApiKey>;
  /** Another key in its place; the old one goes on for `overlapSeconds`. One before that ends at once. */
  rotate(key: string, input: { hash: Uint8Array; overlapSeconds: number }): Promise<ApiKey>;
  remove(key: string): Promise<ApiKey>;
  /** The key with this hash; notes the day. @throws TurnpikeError `unauthenticated` for one that has expired */
  use(hash: Uint8Array): Promise<ApiKey | undefined>;
}

/** What is absent stays as it is. */
export interface ApiKeySettings {
  readonly scopes?: readonly Scope[];
  /** Confines it to accounts with this tag, and what is theirs; null: to none. */
  readonly tag?: string | null;
  /** null: no budget of its own. */
  readonly budgetBytes?: bigint | null;
  /** A date or a time; null: never. */
  readonly expires?: string | null;
}

export interface NewApiKey extends ApiKeySettings {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly hash: Uint8Array;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Confined to accounts with this tag; null: to none. */
  readonly tag: string | null;
  /** What it may sell, ever; null: no budget of its own. */
  readonly budgetBytes: bigint | null;
  /** What it has sold of a budget. */
  readonly soldBytes: bigint;
  /** Milliseconds since 1970; null: never. */
  readonly expiresAt: number | null;
  /** Until when the key before the last rotation goes on; null: there is none. */
  readonly previousUntilAt: number | null;
  /** It was rotated after the backup that was restored: nobody knows a key that is accepted, until it is rotated. */
  readonly toRotate: boolean;
  /** YYYY-MM-DD, UTC. */
  readonly lastUsedDay: string | null;
  readonly createdAt: number;
}

export function createApiKeys(context: Pick<Context, 'store' | 'clock' | 'backups'>): ApiKeys {
  const { store, clock } = context;
  const update = (
    key: string,
    change: (row: Row<'api_keys'>, tx: Tx) => Partial<Row<'api_keys'>> | Promise<Partial<Row<'api_keys'>>>,
  ) =>
    store.transaction(async (tx) => {
      const row = await find(tx, key);
      const set = await change(row, tx);
      if (Object.keys(set).length > 0) {
        await tx.db.updateTable('api_keys').set(set).where('id', '=', row.id).execute();
      }
      const changed = { ...row, ...set };
      refuseFleetWide(changed);
      return view(changed);
    });
  /** `at` may be to come. */
  const endSecret = async (tx: Tx, hash: Uint8Array | null, at: number) => {
    if (hash === null) return;
    await noteRemoved(context, tx, { kind: 'api-key-secret', subject: hashOfSecret(hash), at });
  };
  const columns = ({ scopes: granted, tag, budgetBytes, expires }: ApiKeySettings) => ({
    ...(tag !== undefined && { tag: tag === null ? null : parseTag(tag) }),
    ...(granted !== undefined && { scopes: JSON.stringify(parseScopes(granted)) }),
    ...(budgetBytes !== undefined && { budget_bytes: budgetBytes }),
    ...(expires !== undefined && { expires_at: parseExpiry(expires, clock.now()) }),
  });
  return {
    add: ({ name: given, hash, ...settings }) =>
      store.transaction(async (tx) => {
        const name = parseName('key', given);
        const taken = await tx.db
          .selectFrom('api_keys')
          .where('name', '=', name)
          .select('id')
          .executeTakeFirst();
        if (taken !== undefined) {
          throw new TurnpikeError('conflict', `there is an API key "${name}" already`, {
            remedy: 'choose another name, or remove that key first',
          });
        }
        const id = newId('key');
        const { scopes: granted = '[]', ...others } = columns(settings);
        await tx.db
          .insertInto('api_keys')
          .values({ id, name, scopes: granted, ...others, hash, created_at: clock.now() })
          .execute();
        const added = await find(tx, id);
        refuseFleetWide(added);
        return view(added);
      }),

    list: ({ limit, after } = {}) =>
      store.transaction(async (tx) => {
        // By id, because a key that was removed between two pages must not lose the place.
        let query = tx.db.selectFrom('api_keys').selectAll().orderBy('id');
        if (after !== undefined) query = query.where('id', '>', parseCursor(after));
        if (limit !== undefined) query = query.limit(limit);
        const keys: ApiKey[] = [];
        for (const row of await query.execute()) keys.push(view(row));
        return keys;
      }),

    get: (key) => store.transaction(async (tx) => view(await find(tx, key))),

    set: (key, settings) => update(key, () => columns(settings)),

    rotate: (key, { hash, overlapSeconds }) =>
      update(key, async (row, tx) => {
        const now = clock.now();
        // After a restore nobody knows the key that is to go on: the one before it does for its time, if there is one.
        if (row.hash === null && overlapSeconds > 0) return { hash };
        const previous_until = overlapSeconds > 0 ? now + overlapSeconds * 1000 : null;
        await endSecret(tx, row.previous_hash, now);
        await endSecret(tx, row.hash, previous_until ?? now);
        return { hash, previous_hash: previous_until === null ? null : row.hash, previous_until };
      }),

    remove: (key) =>
      store.transaction(async (tx) => {
        const removed = view(await find(tx, key));
        await tx.db.deleteFrom('api_keys').where('id', '=', removed.id).execute();
        await noteRemoved(context, tx, { kind: 'api-key', subject: removed.id, at: clock.now() });
        return removed;
      }),

    use: (hash) =>
      store.transaction(async (tx) => {
        const now = clock.now();
        const row = await tx.db
          .selectFrom('api_keys')
          .where((column) =>
            column.or([
              column('hash', '=', hash),
              column.and([column('previous_hash', '=', hash), column('previous_until', '>', now)]),
            ]),
          )
          .selectAll()
          .executeTakeFirst();
        if (row === undefined) return undefined;
        refuseExpired(row, now);
        const today = utcDayOf(now);
        if (row.last_used_day !== today) {
          const used = { last_used_day: today };
          await tx.db.updateTable('api_keys').set(used).where('id', '=', row.id).execute();
        }
        return view(row);
      }),
  };
}

async function find(tx: Tx, key: string): Promise<Row<'api_keys'>> {
  const row = await tx.db
    .selectFrom('api_keys')
    .where((column) => column.or([column('id', '=', key), column('name', '=', key)]))
    .selectAll()
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new TurnpikeError('not_found', `there is no API key ${show(key)}`, {
    remedy: 'turnpike api-key list has them all',
  });
}

function parseScopes(given: readonly Scope[]): Scope[] {
  const granted = scopes.filter((scope) => given.includes(scope));
  if (granted.length > 0) return granted;
  throw new TurnpikeError('invalid', 'scopes: a key without a scope can do nothing', {
    field: 'scopes',
    remedy: `give some of ${scopes.join(', ')}`,
  });
}

/** Nodes, tariffs and keys are everybody's. @throws TurnpikeError `invalid` */
function refuseFleetWide({ tag, scopes: text }: Row<'api_keys'>): void {
  const granted = JSON.parse(text) as Scope[];
  if (tag === null || !granted.some((scope) => scope === 'nodes' || scope === 'admin')) return;
  throw new TurnpikeError('invalid', 'scopes: a key confined to a tag cannot have nodes or admin', {
    field: 'scopes',
    remedy: 'give some of read, support, subscriptions, or no tag',
  });
}

function parseExpiry(text: string | null, now: number): number | null {
  if (text === null) return null;
  const expiresAt = parseInstant('expires', text, 'UTC');
  if (expiresAt > now) return expiresAt;
  throw new TurnpikeError('invalid', 'expires: that time is over already: give a time to come', {
    field: 'expires',
  });
}

function refuseExpired({ name, expires_at: expiresAt }: Row<'api_keys'>, now: number): void {
  if (expiresAt === null || expiresAt > now) return;
  throw new TurnpikeError('unauthenticated', `the API key "${name}" expired on ${utcDayOf(expiresAt)}`, {
    remedy: `on the controller: turnpike api-key set ${name} --expires DATE, or never`,
  });
}

/** An id that once was, at least: an empty page would look like the end of the list. */
function parseCursor(text: string): string {
  try {
    return parseId('key', text);
  } catch {
    throw notACursor(text);
  }
}

function view(row: Row<'api_keys'>): ApiKey {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    tag: row.tag,
    budgetBytes: row.budget_bytes,
    soldBytes: row.sold_bytes,
    expiresAt: row.expires_at,
    previousUntilAt: row.previous_until,
    toRotate: row.hash === null,
    lastUsedDay: row.last_used_day,
    createdAt: row.created_at,
  };
}

/** Names of those of which nobody knows a key that is accepted, after a restore. */
export async function keysToRotate({ db }: Tx): Promise<string[]> {
  const rows = await db
    .selectFrom('api_keys')
    .where('hash', 'is', null)
    .select('name')
    .orderBy('name')
    .execute();
  return rows.map(({ name }) => name);
}
