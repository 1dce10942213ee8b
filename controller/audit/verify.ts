import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { type ChainEnd, chainHash, chainStart } from './chain.ts';
import { cutAt, cutRoute, hex } from './cut.ts';

/** What an auditor noted earlier: that the entry with this id had this hash. */
export interface NotedHead {
  readonly id: number;
  /** Hex. */
  readonly hash: string;
}

export interface Verdict {
  /** Whether every entry is as it was written, and none is missing. */
  readonly whole: boolean;
  /** What is wrong, in one line; null: nothing. */
  readonly trouble: string | null;
  readonly entries: number;
  /** The last entry; to be noted elsewhere, because who may write the database can write the whole chain anew. */
  readonly head: NotedHead;
  /** The last entry that is no longer kept; id 0: there is none. */
  readonly start: NotedHead;
}

const batch = 1000;

/** Goes through the whole chain. @param noted must be in it, unless it is older than what is kept. */
export async function verifyAudit({ store }: Pick<Context, 'store'>, noted?: NotedHead): Promise<Verdict> {
  const start = await store.transaction(chainStart);
  let end: ChainEnd = start;
  let entries = 0;
  let trouble: string | null = null;
  let cut = start.id === 0;
  let found = noted === undefined || noted.id <= start.id;
  for (let more = true; more && trouble === null; ) {
    const rows = await store.transaction((tx) => loadAfter(tx, end.id));
    more = rows.length === batch;
    for (const row of rows) {
      const { hash, ...entry } = row;
      if (row.id !== end.id + 1) trouble = `entry ${end.id + 1} is missing`;
      else if (!equal(hash, chainHash(end.hash, entry))) trouble = `entry ${row.id} is not as it was written`;
      if (trouble !== null) break;
      entries += 1;
      end = { id: row.id, hash };
      if (row.id === noted?.id) found = hex(hash) === noted.hash;
      cut ||= row.route === cutRoute && row.subject === JSON.stringify(cutAt(start));
    }
  }
  if (trouble === null && !cut) trouble = 'the beginning was cut off, and no entry says that it was';
  if (trouble === null && !found) trouble = `entry ${noted?.id} is not the one that was noted`;
  return { whole: trouble === null, trouble, entries, head: toNoted(end), start: toNoted(start) };
}

function loadAfter(tx: Tx, id: number) {
  return tx.db.selectFrom('audit').where('id', '>', id).orderBy('id').limit(batch).selectAll().execute();
}

function toNoted({ id, hash }: ChainEnd): NotedHead {
  return { id, hash: hex(hash) };
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other);
}
