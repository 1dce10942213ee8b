import { sql } from 'kysely';
import type { Store } from '../store/store.ts';

/** As many as are looked at for gaps, too. */
const latestEntries = 1000;

/**
 * The latest time at which something happened, as the books have it, milliseconds since 1970; null: nothing has. The clock went by
 * it, so where it is to come, that was ahead.
 */
export async function findNewestTime(store: Store): Promise<number | null> {
  const { rows } = await store.transaction(({ db }) =>
    sql<{ at: bigint | number | null }>`SELECT max(at) AS at FROM (
      SELECT max(at) AS at FROM events
      UNION ALL SELECT max(at) FROM (SELECT at FROM audit ORDER BY id DESC LIMIT ${latestEntries})
    )`.execute(db),
  );
  const at = rows[0]?.at ?? null;
  return at === null ? null : Number(at);
}
