import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { notACursor, parseDigits } from '../catalogue/cursor.ts';
import { findSubscriptionNamed } from '../catalogue/find.ts';
import { noLimit } from '../catalogue/paging.ts';
import { seesListed } from '../catalogue/reach.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { EventType } from './record.ts';

/** Something that happened. */
export interface Event {
  /** Digits; later events have larger ones. Also the cursor of what comes after it. */
  readonly id: string;
  readonly type: EventType;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly subscriptionId: string | null;
  readonly deviceId: string | null;
  readonly nodeId: string | null;
  /** What the type has to say beside. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventFilter {
  readonly type?: EventType;
  /** Id. */
  readonly subscription?: string;
  readonly limit?: number;
  /** Id of an event, also of one that is no longer kept; one that never was is refused. */
  readonly after?: string;
}

/** In the order in which they happened. */
export function listEvents({ store }: Context, filter: EventFilter = {}): Promise<Event[]> {
  const { type, subscription, limit = noLimit } = filter;
  const after = filter.after === undefined ? 0 : parseDigits(filter.after);
  return store.transaction(async (tx) => {
    if (after > (await lastEventId(tx))) throw notACursor(String(after));
    let query = tx.db.selectFrom('events').selectAll().where('id', '>', after).orderBy('id');
    // Of nodes and webhooks it is told to those who may see all.
    if (tx.tag !== undefined) query = query.where(await seesListed(tx, 'events.subscription_id'));
    if (type !== undefined) query = query.where('type', '=', type);
    if (subscription !== undefined) {
      query = query.where('subscription_id', '=', (await findSubscriptionNamed(tx, subscription)).id);
    }
    return (await query.limit(limit).execute()).map(toEvent);
  });
}

/** Of the last event that there ever was: also of one that is no longer kept. */
async function lastEventId({ db }: Tx): Promise<number> {
  const { rows } = await sql<{
    seq: bigint;
  }>`SELECT seq FROM sqlite_sequence WHERE name = 'events'`.execute(db);
  return Number(rows[0]?.seq ?? 0n);
}

export function toEvent(row: Row<'events'>): Event {
  return {
    id: String(row.id),
    type: row.type as EventType,
    at: row.at,
    subscriptionId: row.subscription_id,
    deviceId: row.device_id,
    nodeId: row.node_id,
    data: JSON.parse(row.data) as Event['data'],
  };
}
