import { sql } from 'kysely';
import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { PostResult } from './post.ts';
import { lastingMs, nextAttempt } from './schedule.ts';

export interface Attempt {
  readonly delivery: Row<'deliveries'>;
  readonly result: PostResult;
}

/** Notes what came of attempts. One whose note is lost is made again: at least once, not exactly once. */
export async function noteAttempts(context: Context, attempts: readonly Attempt[]): Promise<void> {
  if (attempts.length === 0) return;
  await context.store.transaction(async (tx) => {
    for (const attempt of attempts) await noteAttempt(context, tx, attempt);
  });
}

async function noteAttempt({ clock }: Context, tx: Tx, { delivery, result }: Attempt): Promise<void> {
  const now = clock.now();
  const webhook = await tx.db
    .selectFrom('webhooks')
    .where('id', '=', delivery.webhook_id)
    .selectAll()
    .executeTakeFirst();
  // Removed meanwhile, with its deliveries.
  if (webhook === undefined) return;
  const attempts = delivery.attempts + 1;
  const { status, error, retryAfterMs } = result;
  const log = { attempts, last_at: now, last_status: status ?? null, last_error: error ?? null };
  if (error === undefined) {
    await tx.db.updateTable('webhooks').set({ failing_since: null }).where('id', '=', webhook.id).execute();
    return finish(tx, delivery, { ...log, state: 'delivered' }, now);
  }
  const failingSince = webhook.failing_since ?? now;
  await tx.db
    .updateTable('webhooks')
    .set({ failing_since: failingSince })
    .where('id', '=', webhook.id)
    .execute();
  const nextAt = nextAttempt(attempts, now, Math.random(), retryAfterMs);
  const lasting = nextAt === undefined && failingSince <= now - lastingMs;
  if (status === 410 || lasting) {
    // What it did not get waits until it is enabled again.
    await update(tx, delivery.id, log);
    const reason =
      status === 410 ? 'answered 410: it wants no more' : `nothing was taken for a day: ${error}`;
    return disable(tx, webhook, reason, now);
  }
  if (nextAt !== undefined) return update(tx, delivery.id, { ...log, next_at: nextAt });
  return finish(tx, delivery, { ...log, state: 'failed' }, now);
}

/** The next one of the same subject comes now. */
async function finish(
  tx: Tx,
  { id, webhook_id, subject }: Row<'deliveries'>,
  set: Partial<Row<'deliveries'>>,
  now: number,
): Promise<void> {
  await update(tx, id, set);
  const next = await tx.db
    .selectFrom('deliveries')
    .where('webhook_id', '=', webhook_id)
    .where('subject', '=', subject)
    .where('state', '=', sql.lit('waiting' as const))
    .orderBy('id')
    .limit(1)
    .select('id')
    .executeTakeFirst();
  if (next !== undefined) await update(tx, next.id, { state: 'due', next_at: now });
}

async function update(tx: Tx, id: number, set: Partial<Row<'deliveries'>>): Promise<void> {
  await tx.db.updateTable('deliveries').set(set).where('id', '=', id).execute();
}

async function disable(
  tx: Tx,
  { id, disabled_at }: Row<'webhooks'>,
  reason: string,
  now: number,
): Promise<void> {
  if (disabled_at !== null) return;
  const current = await tx.db
    .updateTable('webhooks')
    .set({ disabled_at: now, disabled_reason: reason })
    .where('id', '=', id)
    .where('disabled_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (current === undefined) return;
  await recordEvent(tx, { type: 'webhook.disabled', at: now, data: { webhookId: id, reason } });
}
