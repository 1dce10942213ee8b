import type { Context } from '../books/context.ts';
import { writeOff } from '../ledger/book.ts';
import { retire } from '../privacy/tombstones.ts';
import type { Tx } from '../store/store.ts';
import { turnLedger } from './turn.ts';

/**
 * An incarnation is over: its certificates are revoked, its streams end, and what it had left is written off, because
 * nobody will ever say whether it passed.
 */
export async function endIncarnation(
  context: Context,
  tx: Tx,
  { nodeId, incarnation }: { nodeId: string; incarnation: number },
): Promise<void> {
  const now = context.clock.now();
  await tx.db
    .updateTable('incarnations')
    .set({ ended_at: now })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .execute();
  await tx.db
    .updateTable('certificates')
    .set({ revoked_at: now })
    .where('node_id', '=', nodeId)
    .where('revoked_at', 'is', null)
    .execute();
  await endPastGrants(tx, nodeId, incarnation);
  await retire(context, tx, { nodeId, incarnation });
  const rows = await tx.db
    .selectFrom('grants')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('ended', '=', 0)
    .select('subscription_id')
    .distinct()
    .execute();
  await turnLedger(
    context,
    tx,
    rows.map((row) => row.subscription_id),
    {
      change: (grant) =>
        grant.nodeId === nodeId && grant.incarnation === incarnation
          ? { ...grant, ended: true, ledger: writeOff(grant.ledger) }
          : grant,
    },
  );
  tx.afterCommit(() => {
    context.live.forgetNode(nodeId);
    context.seats.nodeTurned(nodeId);
    context.revoked.call(nodeId, incarnation);
  });
}

/** Of periods that are over: what is written off stays claimed, so nothing else moves. */
async function endPastGrants(tx: Tx, nodeId: string, incarnation: number): Promise<void> {
  await tx.db
    .updateTable('grants')
    .set((row) => ({
      ended: 1,
      wanting: 0,
      recall_answered: row.ref('recall'),
      written_off: row(row('granted', '-', row.ref('used')), '-', row.ref('released')),
    }))
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('period', '<', (row) =>
      row
        .selectFrom('subscriptions')
        .whereRef('subscriptions.id', '=', 'grants.subscription_id')
        .select('subscriptions.period'),
    )
    .execute();
}
