import { sql } from 'kysely';
import { TurnpikeError } from '../../common/errors.ts';
import { termBegins, termOf } from '../../common/term.ts';
import type { Context } from '../books/context.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Tx } from '../store/store.ts';

/**
 * The database was restored from a backup: what was granted since then is forgotten here, and can pass all the same. So
 * a new term begins, in which nothing is granted until every node has told its totals. Returns their names.
 */
export async function beginTerm(tx: Tx): Promise<string[]> {
  const fleet = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
  const term = termOf(fleet.revision) + 1;
  await tx.db
    .updateTable('fleet')
    .set({ revision: termBegins(term) })
    .execute();
  await skipEvents(tx, term);
  // One may have been used since, or another made in its place.
  await tx.db.deleteFrom('join_tokens').execute();
  return awaitedNodes(tx);
}

/**
 * Billing backends know events by their numbers: those that were told since the backup must not be used again, or what
 * happens from now on would pass for known.
 */
async function skipEvents({ db }: Tx, term: number): Promise<void> {
  const first = term * 2 ** 32;
  await sql`INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')`.execute(db);
  await sql`UPDATE sqlite_sequence SET seq = max(seq, ${first}) WHERE name = 'events'`.execute(db);
}

/** Names of the nodes that have not told their totals in this term. Of one that is quarantined nothing is expected. */
export async function awaitedNodes(tx: Tx): Promise<string[]> {
  const { revision } = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
  const term = termOf(revision);
  if (term === 0) return [];
  const rows = await tx.db
    .selectFrom('incarnations')
    .innerJoin('nodes', 'nodes.id', 'incarnations.node_id')
    .where('incarnations.ended_at', 'is', null)
    .where('incarnations.quarantined_at', 'is', null)
    .where('incarnations.told_term', '<', term)
    .orderBy('nodes.name')
    .select('nodes.name')
    .execute();
  return rows.map(({ name }) => name);
}

/** @throws TurnpikeError `invalid` when the term of a report has not begun: its node would count as having told in it once it has */
export async function checkTerm(tx: Tx, { nodeName }: NodeIdentity, term: number): Promise<void> {
  if (term === 0) return;
  const { revision } = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
  if (term > termOf(revision)) {
    throw new TurnpikeError(
      'invalid',
      `a report of node ${nodeName} is of term ${term}, and the fleet is in term ${termOf(revision)}`,
    );
  }
}

/** With this report the node has told all that it knows, to a controller of this term. */
export async function noteTold(
  { log }: Context,
  tx: Tx,
  { nodeId, nodeName, incarnation }: NodeIdentity,
  term: number,
): Promise<void> {
  if (term === 0) return;
  const { numUpdatedRows } = await tx.db
    .updateTable('incarnations')
    .set({ told_term: term })
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('told_term', '<', term)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  const awaited = await awaitedNodes(tx);
  tx.afterCommit(() =>
    log.info({ node: nodeName, awaited }, 'a node has told what passed before the restore'),
  );
}
