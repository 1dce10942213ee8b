import { sql } from 'kysely';
import type { Task } from '../../common/task.ts';
import type { Context } from '../books/context.ts';
import { recurring } from '../books/recurring.ts';
import type { Tx } from '../store/store.ts';
import { recordEvent } from './record.ts';

const everyMs = 5_000;
const forgetEvery = 720;
/** A node that is back sooner was never away: agents are restarted, and networks hiccup. */
const offlineAfterMs = 30_000;
const keptMs = 30 * 24 * 3600_000;

/** Records what nobody reports: that a node is gone. Forgets events of long ago. */
export function eventTask(context: Context): Task {
  return recurring(context, {
    name: 'events',
    everyMs,
    trouble: 'events could not be looked after',
    work: async (round) => {
      await noteLostNodes(context);
      if (round % forgetEvery === 0) await forgetOldEvents(context);
    },
  });
}

/** `node.offline` for those that were online and have been out of contact for 30 s. */
export async function noteLostNodes({ store, live, clock }: Context): Promise<void> {
  await store.transaction(async (tx) => {
    const online = await tx.db
      .selectFrom('nodes')
      .where('online', '=', 1)
      .where('removed_at', 'is', null)
      .select(['id', 'name'])
      .execute();
    for (const { id, name } of online) {
      if (live.awayMs(id) < offlineAfterMs) continue;
      await tx.db.updateTable('nodes').set({ online: 0 }).where('id', '=', id).execute();
      await recordEvent(tx, { type: 'node.offline', at: clock.now(), nodeId: id, data: { name } });
    }
  });
}

/** `node.online` for one that was not: at its first contact, and after it was told to be offline. */
export async function noteFoundNode(tx: Tx, nodeId: string, now: number): Promise<void> {
  const found = await tx.db
    .updateTable('nodes')
    .set({ online: 1 })
    .where('id', '=', nodeId)
    .where('online', '=', 0)
    .returning('name')
    .executeTakeFirst();
  if (found === undefined) return;
  await recordEvent(tx, { type: 'node.online', at: now, nodeId, data: { name: found.name } });
}

export async function forgetOldEvents({ store, clock }: Context): Promise<void> {
  await store.transaction(async ({ db }) => {
    await db
      .deleteFrom('events')
      .where('at', '<', clock.now() - keptMs)
      // Not what an enabled endpoint is still to get: the controller may have been away for as long.
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('webhooks')
              .whereRef('webhooks.cursor', '<', 'events.id')
              .where('disabled_at', 'is', null)
              .select('webhooks.id'),
          ),
        ),
      )
      .where((row) =>
        row.not(
          row.exists(
            row
              .selectFrom('deliveries')
              .innerJoin('webhooks', 'webhooks.id', 'deliveries.webhook_id')
              .whereRef('deliveries.event_id', '=', 'events.id')
              .where('state', 'in', [sql.lit('waiting' as const), sql.lit('due' as const)])
              .where('disabled_at', 'is', null)
              .select('deliveries.id'),
          ),
        ),
      )
      .execute();
  });
}
