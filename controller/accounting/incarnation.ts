import { TurnpikeError } from '../../common/errors.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/**
 * The incarnation that calls, when it may.
 * @throws TurnpikeError `unauthenticated` when it was followed by another one, quarantined, or its node removed.
 */
export async function servingIncarnation(tx: Tx, identity: NodeIdentity): Promise<Row<'incarnations'>> {
  const row = await tx.db
    .selectFrom('incarnations')
    .where('node_id', '=', identity.nodeId)
    .where('incarnation', '=', identity.incarnation)
    .selectAll()
    .executeTakeFirst();
  if (row === undefined || row.ended_at !== null || row.quarantined_at !== null) {
    throw new TurnpikeError(
      'unauthenticated',
      `the identity of node ${identity.nodeName} is no longer valid`,
      {
        remedy: 'make a join token with "turnpike node token NODE" and join again',
      },
    );
  }
  return row;
}
