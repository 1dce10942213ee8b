import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

const batch = 500;

/**
 * Makes a delivery of each event for each enabled endpoint that wants it. Events are the outbox: they are written in the
 * transaction of what they tell of, and each endpoint's cursor moves in the transaction of its deliveries, so that
 * neither a crash nor a burst can lose one.
 */
export async function fanOut(context: Context): Promise<void> {
  for (let more = true; more; ) {
    more = await context.store.transaction(async (tx) => {
      let full = false;
      for (const webhook of await loadEnabled(tx)) {
        if ((await fanOutTo(context, tx, webhook)) === batch) full = true;
      }
      return full;
    });
  }
}

export function loadEnabled(tx: Tx): Promise<Row<'webhooks'>[]> {
  return tx.db.selectFrom('webhooks').where('disabled_at', 'is', null).orderBy('id').selectAll().execute();
}

async function fanOutTo({ clock }: Context, tx: Tx, webhook: Row<'webhooks'>): Promise<number> {
  const events = await tx.db
    .selectFrom('events')
    .where('id', '>', webhook.cursor)
    .orderBy('id')
    .limit(batch)
    .select(['id', 'type', 'subscription_id', 'node_id'])
    .execute();
  const last = events.at(-1);
  if (last === undefined) return 0;
  const types = webhook.types === null ? undefined : (JSON.parse(webhook.types) as string[]);
  const wanted = events.filter(({ type }) => types?.includes(type) ?? true);
  await queue(
    tx,
    webhook.id,
    wanted.map((event) => ({ eventId: event.id, subject: event.subscription_id ?? event.node_id ?? '' })),
    clock.now(),
  );
  await tx.db.updateTable('webhooks').set({ cursor: last.id }).where('id', '=', webhook.id).execute();
  return events.length;
}

/** In this order; of one subject, each waits for those before it. */
export async function queue(
  tx: Tx,
  webhookId: string,
  events: readonly { eventId: number; subject: string }[],
  now: number,
): Promise<void> {
  const subjects = [...new Set(events.map(({ subject }) => subject))];
  const unfinished = await selectInChunks(subjects, (chunk) =>
    tx.db
      .selectFrom('deliveries')
      .where('webhook_id', '=', webhookId)
      .where('subject', 'in', chunk)
      // The first of each, behind which any others wait.
      .where('state', '=', sql.lit('due' as const))
      .select('subject')
      .execute(),
  );
  const busy = new Set(unfinished.map(({ subject }) => subject));
  const rows = events.map(({ eventId, subject }) => {
    const state = busy.has(subject) ? ('waiting' as const) : ('due' as const);
    busy.add(subject);
    return { webhook_id: webhookId, event_id: eventId, subject, state, next_at: now, created_at: now };
  });
  for (let start = 0; start < rows.length; start += 200) {
    await tx.db
      .insertInto('deliveries')
      .values(rows.slice(start, start + 200))
      .execute();
  }
}
