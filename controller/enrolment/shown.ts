import type { NodeIdentity, ShownCertificate } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

/** Which certificate the identity showed last, and of which CA. */
export async function recordShown(
  { db }: Tx,
  { nodeId, incarnation }: NodeIdentity,
  { serial, authorityPin }: ShownCertificate,
): Promise<void> {
  await db
    .updateTable('incarnations')
    .set({ shown_ca_pin: authorityPin, shown_serial: serial })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where((row) =>
      row.or([
        ...[row('shown_ca_pin', 'is', null), row('shown_ca_pin', '<>', authorityPin)],
        ...[row('shown_serial', 'is', null), row('shown_serial', '<>', serial)],
      ]),
    )
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
