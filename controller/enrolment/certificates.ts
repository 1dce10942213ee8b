import { identitySubject, isRemoved } from '../backup/removals.ts';
import type { CertificateStanding, IssuedCertificate, NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

/** Of one identity: a node has the last one, or the one before when an answer was lost. */
const mostCertificates = 16;

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

/**
 * A node may renew as often as it likes, and no table grows by it: of one identity, the newest certificates are kept, and
 * besides them those that are `needed`. What a node shows is always among these, however many others were issued meanwhile:
 * to itself, when it cannot save what it is given, or to somebody who has a copy of its identity.
 */
export async function forgetCertificates(
  { db }: Tx,
  { nodeId, incarnation }: NodeIdentity,
  needed: readonly string[],
): Promise<void> {
  const newest = db
    .selectFrom('certificates')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .orderBy('not_after', 'desc')
    .select('serial')
    .limit(mostCertificates);
  await db
    .deleteFrom('certificates')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('serial', 'not in', newest)
    .where('serial', 'not in', needed)
    .execute();
}

/**
 * `valid`: known, not revoked, of the node's current incarnation, and that one not quarantined. `unknown`: never recorded
 * here; a controller that was restored from a backup does not know what was issued since, and must not close it, unless
 * it knows that this node or identity was taken away since. `left behind`: {@link wasLeftBehind}.
 */
export async function certificateStanding(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  { serial, notAfter }: Pick<IssuedCertificate, 'serial' | 'notAfter'>,
): Promise<CertificateStanding | 'left behind'> {
  const found = await tx.db
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
    .select([
      'certificates.revoked_at',
      'nodes.removed_at',
      'nodes.incarnation',
      'incarnations.quarantined_at',
      'incarnations.ended_at',
    ])
    .executeTakeFirst();
  if (found === undefined) {
    const subject = identitySubject({ nodeId, incarnation });
    const gone = await isRemoved(tx, { kind: 'node', subject: nodeId }, { kind: 'identity', subject });
    if (gone) return 'revoked';
    return (await wasLeftBehind(tx, { nodeId, incarnation }, notAfter)) ? 'left behind' : 'unknown';
  }
  const ends = [found.revoked_at, found.removed_at, found.quarantined_at, found.ended_at];
  return found.incarnation === incarnation && ends.every((end) => end === null) ? 'valid' : 'revoked';
}

/**
 * Whether one that is not known, of an identity that serves, ends before as many others as are always kept: then it was
 * forgotten, because another one was shown since. A node keeps what it is given before it shows it, and never shows an
 * earlier one afterwards: so who shows this one is not who showed that one, or has gone back to an earlier state.
 * What was issued after a backup that was restored ends after all that are known.
 */
async function wasLeftBehind(
  { db }: Tx,
  { nodeId, incarnation }: Pick<NodeIdentity, 'nodeId' | 'incarnation'>,
  notAfter: number,
): Promise<boolean> {
  const later = await db
    .selectFrom('certificates')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('not_after', '>=', notAfter)
    .select('serial')
    .limit(mostCertificates)
    .execute();
  return later.length === mostCertificates;
}
