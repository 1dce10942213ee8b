import { identitySubject, noteRemoved } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import { recordEvent } from '../events/record.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

/** The identity may do nothing any more until the node enrols anew. What it held stays reserved until then. */
export async function quarantine(
  context: Context,
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
): Promise<void> {
  const at = context.clock.now();
  await refuseIdentity(tx, { nodeId, incarnation }, at);
  await noteRemoved(context, tx, { kind: 'identity', subject: identitySubject({ nodeId, incarnation }), at });
  await recordEvent(tx, { type: 'node.quarantined', at, nodeId });
  tx.afterCommit(() => {
    context.figures.quarantines += 1;
    context.live.forgetNode(nodeId);
    context.log.error(
      { node: nodeId, incarnation },
      'a node was quarantined: two machines run with its identity, or its state was rolled back',
    );
    context.revoked.call(nodeId, incarnation);
  });
}

export async function refuseIdentity(
  { db }: Tx,
  { nodeId, incarnation }: Pick<NodeIdentity, 'nodeId' | 'incarnation'>,
  at: number,
): Promise<void> {
  await db
    .updateTable('incarnations')
    .set({ quarantined_at: at })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .execute();
}
