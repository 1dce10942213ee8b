import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** What the hardware of a replaced device is now. */
export interface Successor {
  readonly id: string;
  /** It was not removed since. */
  readonly living: boolean;
}

type Link = Pick<Row<'devices'>, 'id' | 'replaced_by' | 'removed_at'>;

/**
 * Of those that were replaced, by id: as what their hardware enrolled last. Hardware may enrol thousands of times, so
 * each device of a chain is read once, whoever asks.
 */
export async function loadSuccessors(
  tx: Tx,
  devices: readonly Pick<Row<'devices'>, 'id' | 'replaced_by'>[],
): Promise<Map<string, Successor>> {
  const asked = devices.flatMap(({ id, replaced_by }) => (replaced_by === null ? [] : [id]));
  const links = new Map((await loadLinks(tx, asked)).map((link) => [link.id, link]));
  const successors = new Map<string, Successor>();
  for (const id of asked) {
    const passed: string[] = [];
    let link = links.get(id);
    while (link !== undefined && link.replaced_by !== null && !successors.has(link.id)) {
      passed.push(link.id);
      link = links.get(link.replaced_by);
    }
    if (link === undefined) continue;
    const last = successors.get(link.id) ?? { id: link.id, living: link.removed_at === null };
    for (const one of passed) successors.set(one, last);
  }
  return successors;
}

/** These devices, and all that replaced them, one after the other. */
function loadLinks(tx: Tx, ids: readonly string[]): Promise<Link[]> {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .withRecursive('links', (db) =>
        db
          .selectFrom('devices')
          .where('id', 'in', chunk)
          .select(['id', 'replaced_by', 'removed_at'])
          // Not "union all": what is known already is not read again.
          .union(
            db
              .selectFrom('links')
              .innerJoin('devices', 'devices.id', 'links.replaced_by')
              .select(['devices.id', 'devices.replaced_by', 'devices.removed_at']),
          ),
      )
      .selectFrom('links')
      .select(['id', 'replaced_by', 'removed_at'])
      .execute(),
  );
}
