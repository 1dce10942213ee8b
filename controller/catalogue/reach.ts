import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { parseName } from './words.ts';

/** What somebody may see, change and sell. */
export interface Reach {
  /** Accounts with this tag, and what is theirs; undefined: all. */
  readonly tag?: string;
  /** Whose budget bounds what is sold; undefined: nobody's. */
  readonly seller?: Seller;
}

export interface Seller {
  readonly keyId: string;
  readonly keyName: string;
}

/** Whether this transaction may see an account. */
export function seesAccount({ tag }: Tx): RawBuilder<SqlBool> {
  return tag === undefined ? sql`TRUE` : sql`accounts.tag = ${tag}`;
}

/** Whether it may see a subscription, by its id in `column`. */
export function seesSubscription({ tag }: Tx, column: string): RawBuilder<SqlBool> {
  if (tag === undefined) return sql`TRUE`;
  return sql`EXISTS (
    SELECT 1 FROM subscriptions AS owned JOIN accounts ON accounts.id = owned.account_id
    WHERE owned.id = ${sql.ref(column)} AND accounts.tag = ${tag})`;
}

/** Of so many accounts, looking at all that is theirs takes some 40 ms. */
const fewAccounts = 10_000;

/**
 * The same, for lists: going through them all in their order takes long where few are seen, so that what is of few accounts is
 * looked at instead, and put in order.
 */
export async function seesListed(tx: Tx, column: string): Promise<RawBuilder<SqlBool>> {
  const { tag, db } = tx;
  if (tag === undefined) return sql`TRUE`;
  const some = db.selectFrom('accounts').where('tag', '=', tag).select('id').limit(fewAccounts).as('some');
  const { count } = await db
    .selectFrom(some)
    .select((row) => row.fn.countAll<bigint>().as('count'))
    .executeTakeFirstOrThrow();
  if (Number(count) === fewAccounts) return seesSubscription(tx, column);
  return sql`${sql.ref(column)} IN (
    SELECT owned.id FROM accounts CROSS JOIN subscriptions AS owned ON owned.account_id = accounts.id
    WHERE accounts.tag = ${tag})`;
}

/** Whether it may see a node: one of a group of which its customers have a tariff. */
export function seesNode({ tag }: Tx): RawBuilder<SqlBool> {
  if (tag === undefined) return sql`TRUE`;
  return sql`nodes.group_id IN (
    SELECT tariffs.group_id FROM accounts
    JOIN subscriptions ON subscriptions.account_id = accounts.id
    JOIN tariffs ON tariffs.id = subscriptions.tariff_id
    WHERE accounts.tag = ${tag} AND subscriptions.cancelled_at IS NULL)`;
}

/** Of these ids of subscriptions and devices, those that it may see. */
export async function seenAmong(tx: Tx, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (tx.tag === undefined) return new Set(ids);
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('id', 'in', chunk)
      .where(seesSubscription(tx, 'devices.subscription_id'))
      .select('id')
      .union(
        tx.db
          .selectFrom('subscriptions')
          .where('id', 'in', chunk)
          .where(seesSubscription(tx, 'subscriptions.id'))
          .select('id'),
      )
      .execute(),
  );
  return new Set(rows.map(({ id }) => id));
}

export function parseTag(text: string): string {
  return parseName('tag', text);
}

/** The tag of a new account. @throws TurnpikeError `forbidden` for another one than the caller's own */
export function tagOfNew(tx: Tx, wished: string | undefined): string | null {
  if (wished === undefined) return tx.tag ?? null;
  const tag = parseTag(wished);
  if (tx.tag === undefined || tx.tag === tag) return tag;
  throw new TurnpikeError('forbidden', `this API key is confined to the tag "${tx.tag}"`, {
    field: 'tag',
    remedy: 'leave the tag out: what the key adds has its own',
  });
}
