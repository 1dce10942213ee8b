import type { NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

/** Of which CA the identity showed a certificate last. */
export async function recordShown(
  { db }: Tx,
  { nodeId, incarnation }: NodeIdentity,
  pin: string,
): Promise<void> {
  await db
    .updateTable('incarnations')
    .set({ shown_ca_pin: pin })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where((row) => row.or([row('shown_ca_pin', 'is', null), row('shown_ca_pin', '<>', pin)]))
    .execute();
}

/** Nodes whose current identity is good, and has not shown a certificate of this CA. */
export async function namesOfNotShown({ db }: Tx, pin: string): Promise<string[]> {
  const rows = await db
    .selectFrom('incarnations')
    .innerJoin('nodes', (join) =>
      join
        .onRef('nodes.id', '=', 'incarnations.node_id')
        .onRef('nodes.incarnation', '=', 'incarnations.incarnation'),
    )
    .where('nodes.removed_at', 'is', null)
    .where('ended_at', 'is', null)
    .where('quarantined_at', 'is', null)
    .where((row) => row.or([row('shown_ca_pin', 'is', null), row('shown_ca_pin', '<>', pin)]))
    .select('nodes.name')
    .orderBy('nodes.name')
    .execute();
  return rows.map(({ name }) => name);
}
