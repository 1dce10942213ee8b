import { type RawBuilder, sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { type IdKind, parseId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import { type List, orders } from './order.ts';

/** What a cursor needs of an item. */
export interface Listed {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt?: number;
  readonly reference?: string | null;
  readonly label?: string | null;
}

const kinds = {
  accounts: 'acc',
  subscriptions: 'sub',
  devices: 'dev',
  nodes: 'nod',
  groups: 'grp',
  tariffs: 'tar',
  webhooks: 'whk',
} as const satisfies Partial<Record<List, IdKind>>;

/**
 * Where in a list the page ends that ends with this item. It says by itself what comes after it, whatever becomes of the item:
 * base64url of `[VALUE, ID]`, with the value by which the list is ordered. Of lists that are ordered by id it is the id.
 */
export function cursorOf(list: List, item: Listed, search?: string): string {
  const { field } = orders[list](search);
  if (field === 'id') return item.id;
  return Buffer.from(JSON.stringify([item[field], item.id])).toString('base64url');
}

/**
 * What comes after a cursor.
 * @throws TurnpikeError `invalid` for one that is not of this list: an empty page would look like the list's end
 */
export function afterCursor(list: keyof typeof kinds, cursor: string, search?: string): RawBuilder<boolean> {
  const { column } = orders[list](search);
  const { value, id } = parseCursor(list, cursor);
  const fits =
    column === 'created_at'
      ? Number.isSafeInteger(value)
      : typeof value === 'string' && value.startsWith(search?.normalize('NFC') ?? '');
  if (!fits) throw notACursor(cursor);
  return sql<boolean>`(${sql.ref(`${list}.${column}`)}, ${sql.ref(`${list}.id`)}) > (${value}, ${id})`;
}

function parseCursor(list: keyof typeof kinds, cursor: string): { value: unknown; id: string } {
  try {
    const [value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    return { value, id: parseId(kinds[list], String(id)) };
  } catch {
    throw notACursor(cursor);
  }
}

/** The cursor of a list whose ids are numbers. @throws TurnpikeError `invalid` */
export function parseDigits(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw notACursor(cursor);
}

export function notACursor(text: string): TurnpikeError {
  return new TurnpikeError('invalid', `${show(text)} is not a cursor of this list`, {
    remedy: 'give "next" of the page before, or begin again without a cursor',
  });
}
