import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';

interface Incarnation {
  readonly nodeId: string;
  readonly incarnation: number;
}

/** A node says that nothing is left there of what was to be erased up to this revision. */
export async function noteErased(
  context: Context,
  tx: Tx,
  node: Incarnation,
  revision: bigint,
): Promise<void> {
  await settle(context, tx, node, await awaitedOf(tx, node, revision), 'erased');
}

/** Nobody will say any more what is left there. */
export async function retire(context: Context, tx: Tx, node: Incarnation): Promise<void> {
  const { revision } = await tx.db.selectFrom('fleet').select('revision').executeTakeFirstOrThrow();
  await settle(context, tx, node, await awaitedOf(tx, node, revision), 'retired');
}

/** Erasures of which this node has been told something up to this revision, and not said that it is done. */
async function awaitedOf(tx: Tx, { nodeId, incarnation }: Incarnation, revision: bigint): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('tombstones')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('revision', '<=', revision)
    .select('erasure_id')
    .distinct()
    .execute();
  return rows.map((row) => row.erasure_id);
}

async function settle(
  { erased }: Context,
  tx: Tx,
  { nodeId, incarnation }: Incarnation,
  erasures: readonly string[],
  state: 'erased' | 'retired',
): Promise<void> {
  for (const id of erasures) {
    await tx.db
      .deleteFrom('tombstones')
      .where('node_id', '=', nodeId)
      .where('incarnation', '=', incarnation)
      .where('erasure_id', '=', id)
      .execute();
    await tx.db
      .updateTable('erasure_nodes')
      .set({ state })
      .where('erasure_id', '=', id)
      .where('node_id', '=', nodeId)
      .where('incarnation', '=', incarnation)
      .execute();
    const rest = await tx.db
      .selectFrom('tombstones')
      .where('erasure_id', '=', id)
      .select('subscription_id')
      .limit(1)
      .executeTakeFirst();
    // The last words of it have just been deleted.
    if (rest === undefined)
      await tx.db.updateTable('erasures').set({ unscrubbed: 1 }).where('id', '=', id).execute();
  }
  if (erasures.length > 0) tx.afterCommit(() => erased.call());
}
