import { isDeepStrictEqual } from 'node:util';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** An account as it was at a time. */
interface State {
  /** Without the name of its set. */
  readonly row: Omit<Row<'accounts'>, 'link'>;
  /** Ids of those that it is linked with, and its own, in order. */
  readonly set: readonly string[];
}

/** Accounts that a request can change, by id: those that it names, and those that they are linked with. */
export type Reached = ReadonlyMap<string, State>;

/** Before the request is done. Where it can change no other account than one, there is none. */
export async function findReached(tx: Tx, ids: readonly string[]): Promise<Reached> {
  const accounts = new Set(ids.filter((id) => id.startsWith('acc_')));
  const states = await loadStates(tx, [...accounts]);
  return states.size > 1 ? states : new Map();
}

/** Ids of those that are not as they were, or linked with others than then, and are still there. */
export async function findChanged(tx: Tx, before: Reached): Promise<string[]> {
  const now = await loadStates(tx, [...before.keys()]);
  return [...before].flatMap(([id, then]) => {
    const state = now.get(id);
    return state === undefined || isDeepStrictEqual(state, then) ? [] : [id];
  });
}

async function loadStates({ db }: Tx, ids: readonly string[]): Promise<Map<string, State>> {
  const own = await selectInChunks(ids, (chunk) =>
    db.selectFrom('accounts').where('id', 'in', chunk).selectAll().execute(),
  );
  const links = [...new Set(own.flatMap(({ link }) => link ?? []))];
  const linked = await selectInChunks(links, (chunk) =>
    db.selectFrom('accounts').where('link', 'in', chunk).orderBy('id').selectAll().execute(),
  );
  const alone = own.filter(({ link }) => link === null);
  const sets = Map.groupBy(linked, ({ link }) => link);
  return new Map([...alone.map((row) => [row]), ...sets.values()].flatMap(statesOf));
}

function statesOf(rows: readonly Row<'accounts'>[]): [string, State][] {
  const set = rows.map(({ id }) => id);
  return rows.map(({ link: _, ...row }) => [row.id, { row, set }]);
}
