import { sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { newId } from '../../common/ids.ts';
import { show } from '../../common/show.ts';
import type { Context } from '../books/context.ts';
import { parseInstant } from '../calendar/time-zone.ts';
import type { PageFilter } from '../catalogue/catalogue.ts';
import { afterCursor, parseDigits } from '../catalogue/cursor.ts';
import { noLimit } from '../catalogue/paging.ts';
import { looksLikeId } from '../catalogue/words.ts';
import type { EventType } from '../events/record.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { parseDestination } from './destination.ts';
import { queue } from './fan-out.ts';
import { newSecret } from './message.ts';
import { overlapMs } from './schedule.ts';
import { type Delivery, type DeliveryState, toDelivery, toWebhook, type Webhook } from './views.ts';

/** Endpoints to which events are sent. By id. @throws TurnpikeError `not_found` from those that name one */
export interface Webhooks {
  /** From now on. `types` null: all. */
  add(input: {
    url: string;
    types: readonly EventType[] | null;
  }): Promise<{ webhook: Webhook; secret: string }>;
  list(page?: PageFilter): Promise<Webhook[]>;
  get(id: string): Promise<Webhook>;
  /** Enabled again, it gets what it did not get, as far as events are kept. */
  set(id: string, settings: WebhookSettings): Promise<Webhook>;
  /** Another secret; messages are signed with both for a day. */
  rotate(id: string): Promise<{ webhook: Webhook; secret: string }>;
  remove(id: string): Promise<Webhook>;
  /** Newest first. */
  listDeliveries(id: string, filter?: { state?: DeliveryState } & PageFilter): Promise<Delivery[]>;
  /** Sends again: one delivery, or all events since a time that it wants. @returns how many */
  replay(id: string, what: { delivery: string } | { since: string }): Promise<number>;
}

/** What is absent stays as it is. */
export interface WebhookSettings {
  readonly url?: string;
  readonly types?: readonly EventType[] | null;
  readonly enabled?: boolean;
}

export function createWebhooks({
  store,
  clock,
  vault,
}: Pick<Context, 'store' | 'clock' | 'vault'>): Webhooks {
  const change = (id: string, work: (tx: Tx, row: Row<'webhooks'>) => Promise<Partial<Row<'webhooks'>>>) =>
    store.transaction(async (tx) => {
      const row = await find(tx, id);
      const set = await work(tx, row);
      if (Object.keys(set).length > 0) {
        await tx.db.updateTable('webhooks').set(set).where('id', '=', row.id).execute();
      }
      tx.eventRecorded();
      return { ...row, ...set };
    });
  return {
    add: ({ url, types }) =>
      store.transaction(async (tx) => {
        const secret = newSecret();
        const id = newId('whk');
        const row: NewRow<'webhooks'> = {
          id,
          url: parseDestination(url).href,
          types: toColumn(types),
          secret: vault.seal('webhooks.secret', id, secret),
          cursor: await newestEvent(tx),
          created_at: clock.now(),
        };
        await tx.db.insertInto('webhooks').values(row).execute();
        return { webhook: toWebhook(await find(tx, row.id)), secret };
      }),

    list: (page = {}) =>
      store.transaction(async (tx) => {
        let query = tx.db.selectFrom('webhooks').selectAll().orderBy('created_at').orderBy('id');
        if (page.after !== undefined) query = query.where(afterCursor('webhooks', page.after));
        return (await query.limit(page.limit ?? noLimit).execute()).map(toWebhook);
      }),

    get: (id) => store.transaction(async (tx) => toWebhook(await find(tx, id))),

    set: async (id, { url, types, enabled }) =>
      toWebhook(
        await change(id, async (tx, row) => ({
          ...(url !== undefined && { url: parseDestination(url).href }),
          ...(types !== undefined && { types: toColumn(types) }),
          ...(enabled === true && (await enable(tx, row, clock.now()))),
          ...(enabled === false &&
            row.disabled_at === null && { disabled_at: clock.now(), disabled_reason: 'by an operator' }),
        })),
      ),

    rotate: async (id) => {
      const secret = newSecret();
      const until = clock.now() + overlapMs;
      const row = await change(id, async (_tx, before) => ({
        secret: vault.seal('webhooks.secret', before.id, secret),
        previous_secret: vault.seal(
          'webhooks.previous_secret',
          before.id,
          vault.open('webhooks.secret', before.id, before.secret),
        ),
        previous_until: until,
      }));
      return { webhook: toWebhook(row), secret };
    },

    remove: (id) =>
      store.transaction(async (tx) => {
        const row = await find(tx, id);
        await tx.db.deleteFrom('deliveries').where('webhook_id', '=', id).execute();
        await tx.db.deleteFrom('webhooks').where('id', '=', id).execute();
        return toWebhook(row);
      }),

    listDeliveries: (id, { state, limit, after } = {}) =>
      store.transaction(async (tx) => {
        await find(tx, id);
        let query = tx.db
          .selectFrom('deliveries')
          .leftJoin('events', 'events.id', 'deliveries.event_id')
          .where('webhook_id', '=', id)
          .selectAll('deliveries')
          .select('events.type')
          .orderBy('deliveries.id', 'desc');
        if (state === 'pending') query = query.where('state', 'in', ['due', 'waiting']);
        else if (state !== undefined) query = query.where('state', '=', state);
        if (after !== undefined) query = query.where('deliveries.id', '<', parseDigits(after));
        return (await query.limit(limit ?? noLimit).execute()).map(toDelivery);
      }),

    replay: async (id, what) => {
      let count = 0;
      await change(id, async (tx, row) => {
        const events =
          'delivery' in what
            ? [await findDelivered(tx, id, what.delivery)]
            : await findSince(tx, row, parseInstant('since', what.since, 'UTC'));
        await queue(tx, id, events, clock.now());
        count = events.length;
        return {};
      });
      return count;
    },
  };
}

async function find(tx: Tx, id: string): Promise<Row<'webhooks'>> {
  const row = await tx.db.selectFrom('webhooks').where('id', '=', id).selectAll().executeTakeFirst();
  if (row !== undefined && looksLikeId(id)) return row;
  throw new TurnpikeError('not_found', `there is no webhook ${show(id)}`, {
    remedy: 'see "turnpike webhook list"',
  });
}

function toColumn(types: readonly EventType[] | null): string | null {
  return types === null ? null : JSON.stringify([...new Set(types)]);
}

async function newestEvent(tx: Tx): Promise<number> {
  const newest = await tx.db
    .selectFrom('events')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return newest?.id ?? 0;
}

/** All that it has not got yet, from now on with all attempts. */
async function enable(
  tx: Tx,
  { id, disabled_at }: Row<'webhooks'>,
  now: number,
): Promise<Partial<Row<'webhooks'>>> {
  if (disabled_at === null) return {};
  const again = { attempts: 0, next_at: now };
  await tx.db
    .updateTable('deliveries')
    .set(again)
    .where('webhook_id', '=', id)
    .where('state', '=', sql.lit('due' as const))
    .execute();
  return { disabled_at: null, disabled_reason: null, failing_since: null };
}

async function findDelivered(tx: Tx, webhookId: string, delivery: string) {
  const row = await tx.db
    .selectFrom('deliveries')
    .where('id', '=', parseDigits(delivery))
    .where('webhook_id', '=', webhookId)
    .select(['event_id', 'subject', 'state'])
    .executeTakeFirst();
  if (row === undefined) {
    throw new TurnpikeError('not_found', `webhook ${webhookId} has no delivery ${show(delivery)}`, {
      remedy: `see "turnpike webhook deliveries ${webhookId}"`,
    });
  }
  if (row.state === 'due' || row.state === 'waiting') {
    throw new TurnpikeError('conflict', `delivery ${delivery} is still on its way`);
  }
  return { eventId: row.event_id, subject: row.subject };
}

/** Those that it was to get already; what comes after its cursor comes by itself. */
async function findSince(tx: Tx, { cursor, types }: Row<'webhooks'>, since: number) {
  let query = tx.db
    .selectFrom('events')
    .where('at', '>=', since)
    .where('id', '<=', cursor)
    .orderBy('id')
    .select(['id', 'subscription_id', 'node_id']);
  if (types !== null) query = query.where('type', 'in', JSON.parse(types) as string[]);
  return (await query.execute()).map((event) => ({
    eventId: event.id,
    subject: event.subscription_id ?? event.node_id ?? '',
  }));
}
