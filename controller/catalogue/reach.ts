import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
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

/** Whether it may see what is listed. */
export function seesItem(tx: Tx, table: string): RawBuilder<SqlBool> {
  switch (table) {
    case 'accounts':
      return seesAccount(tx);
    case 'subscriptions':
      return seesSubscription(tx, 'subscriptions.id');
    case 'devices':
      return seesSubscription(tx, 'devices.subscription_id');
    default:
      return sql`TRUE`;
  }
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
