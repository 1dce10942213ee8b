import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { type AuditRow, type ChainEnd, chainHash, chainStart } from './chain.ts';
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
      trouble = troubleAfter(end, row);
      if (trouble !== null) break;
      entries += 1;
      end = row;
      if (row.id === noted?.id) found = hex(row.hash) === noted.hash;
      cut ||= row.route === cutRoute && row.subject === JSON.stringify(cutAt(start));
    }
  }
  if (trouble === null && !cut) trouble = 'the beginning was cut off, and no entry says that it was';
  if (trouble === null && !found) trouble = `entry ${noted?.id} is not the one that was noted`;
  return { whole: trouble === null, trouble, entries, head: toNoted(end), start: toNoted(start) };
}

/**
 * Whether the latest entries are as they were written, and the log begins where it says. However long the log is, it costs
 * no more than reading these.
 */
export async function isLatestWhole(tx: Tx, latest = batch): Promise<boolean> {
  const all = tx.db.selectFrom('audit').selectAll();
  const start = await chainStart(tx);
  const first = await all.orderBy('id').limit(1).executeTakeFirst();
  if (first === undefined) return true;
  if (first.id !== start.id + 1) return false;
  // And the one before these, to which the first of them is chained.
  const rows = (
    await all
      .orderBy('id', 'desc')
      .limit(latest + 1)
      .execute()
  ).reverse();
  const chained: ChainEnd[] = rows.length > latest ? rows : [start, ...rows];
  return rows.slice(-latest).every((row, index) => troubleAfter(chained[index] ?? start, row) === null);
}

/** What is wrong with the entry that is found after that one, in one line; null: nothing. */
function troubleAfter(end: ChainEnd, { hash, ...entry }: AuditRow): string | null {
  if (entry.id !== end.id + 1) return `entry ${end.id + 1} is missing`;
  return equal(hash, chainHash(end.hash, entry)) ? null : `entry ${entry.id} is not as it was written`;
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
