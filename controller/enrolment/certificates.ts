import type { IssuedCertificate, NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

export async function recordCertificate(
  { db }: Tx,
  { nodeId, incarnation }: NodeIdentity,
  { serial, notAfter }: IssuedCertificate,
): Promise<void> {
  await db
    .insertInto('certificates')
    .values({ serial, node_id: nodeId, incarnation, not_after: notAfter })
    .execute();
}

/** Known, not revoked, of the node's current incarnation, and that one not quarantined. */
export async function isValidCertificate(
  { db }: Tx,
  { nodeId, incarnation }: NodeIdentity,
  serial: string,
): Promise<boolean> {
  const found = await db
    .selectFrom('certificates')
    .innerJoin('nodes', 'nodes.id', 'certificates.node_id')
    .innerJoin('incarnations', (join) =>
      join
        .onRef('incarnations.node_id', '=', 'certificates.node_id')
        .onRef('incarnations.incarnation', '=', 'certificates.incarnation'),
    )
    .where('certificates.serial', '=', serial)
    .where('certificates.node_id', '=', nodeId)
    .where('certificates.incarnation', '=', incarnation)
    .where('certificates.revoked_at', 'is', null)
    .where('nodes.removed_at', 'is', null)
    .where('nodes.incarnation', '=', incarnation)
    .where('incarnations.quarantined_at', 'is', null)
    .where('incarnations.ended_at', 'is', null)
    .select('certificates.serial')
    .executeTakeFirst();
  return found !== undefined;
}
