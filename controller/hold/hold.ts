import { termBegins, termOf } from '../../common/term.ts';
import type { Context } from '../books/context.ts';
import { restUnknownSlots } from '../catalogue/slots.ts';
import type { Tx } from '../store/store.ts';

/**
 * After a restore the books say of many customers what is no longer so: who renewed since seems expired, who was
 * resumed seems suspended, and who was sold a device since is not in them. So until an operator says that they are right
 * again, nodes are told of nothing by which they would take away what they have, but what was done since the restore.
 */
export interface Hold {
  /** When the database was restored, milliseconds since 1970. */
  readonly since: number;
  /** What has an older revision was done before. */
  readonly revision: bigint;
}

/** undefined: nothing is held. */
export async function loadHold({ db }: Tx): Promise<Hold | undefined> {
  const { held_at, revision } = await db
    .selectFrom('fleet')
    .select(['held_at', 'revision'])
    .executeTakeFirstOrThrow();
  return held_at === null ? undefined : { since: held_at, revision: termBegins(termOf(revision)) };
}

/** In the transaction that begins a term. */
export async function beginHold(context: Context, tx: Tx): Promise<void> {
  await tx.db.updateTable('fleet').set({ held_at: context.clock.now() }).execute();
  await restUnknownSlots(context, tx);
}

/**
 * The books are right again: each node is told everything, and lets go of whatever else it has. Says since when it was
 * held; null: nothing was.
 */
export function releaseHold({ store }: Context): Promise<{ readonly heldAt: number | null }> {
  return store.transaction(async (tx) => {
    const hold = await loadHold(tx);
    if (hold === undefined) return { heldAt: null };
    const released_revision = await tx.revision();
    await tx.db.updateTable('fleet').set({ held_at: null, released_revision }).execute();
    return { heldAt: hold.since };
  });
}
