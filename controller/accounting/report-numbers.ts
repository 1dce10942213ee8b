import type { NodeIdentity } from '../south/ports.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** So many digests are kept: an agent sends one report at a time, so what comes again, however late, is from just before. */
const kept = 100n;

export type Standing = 'new' | 'repeated' | 'forked';

/**
 * Where a report stands among those that were booked. `forked`: its number was booked with other content, or so long ago that no
 * agent can still be waiting for it: two machines run with one identity, or one went back to an earlier state. What it
 * tells may have passed beside all that was booked, and must not be taken for known.
 */
export async function standingOf(
  tx: Tx,
  { node_id, incarnation, last_report }: Row<'incarnations'>,
  number: bigint,
  sha256: Uint8Array,
): Promise<Standing> {
  if (number > last_report) return 'new';
  const booked = await tx.db
    .selectFrom('reports')
    .where('node_id', '=', node_id)
    .where('incarnation', '=', incarnation)
    .where('number', '=', number)
    .select('sha256')
    .executeTakeFirst();
  return booked !== undefined && Buffer.compare(booked.sha256, sha256) === 0 ? 'repeated' : 'forked';
}

export async function recordReport(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  number: bigint,
  sha256: Uint8Array,
): Promise<void> {
  await tx.db
    .updateTable('incarnations')
    .set({ last_report: number })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .execute();
  await tx.db.insertInto('reports').values({ node_id: nodeId, incarnation, number, sha256 }).execute();
  await tx.db
    .deleteFrom('reports')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('number', '<=', number - kept)
    .execute();
}
