import { join } from 'node:path';
import { CompactSign, exportJWK, type JWK } from 'jose';
import { TurnpikeError } from '../../common/errors.ts';
import { goneBy } from '../backup/gone-by.ts';
import { findAway } from '../backup/known.ts';
import { readRemovals, removalsName } from '../backup/removals.ts';
import { listShelf, type ShelvedBackup } from '../backup/shelf.ts';
import type { Context } from '../books/context.ts';
import { utcDayOf } from '../calendar/utc-day.ts';
import { keptMs as answersKeptMs } from '../idempotency/changes.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { atHand } from '../vault/envelope.ts';
import { findErasure } from './erase.ts';
import { loadReceiptKey } from './receipt-key.ts';

/** What was erased, and what is not covered yet. It names no customer: keep its id beside the customer's request. */
export interface Receipt {
  readonly id: string;
  readonly erasedAt: number;
  readonly accounts: number;
  readonly subscriptions: number;
  readonly devices: number;
  /** The files of the controller's database hold nothing of it any more. */
  readonly databaseClean: boolean;
  readonly nodes: readonly ReceiptNode[];
  /** By then no backup of before is left. */
  readonly backupsUntilAt: number;
  /** Those that hold it still, as far as they are known. */
  readonly backups: readonly ReceiptBackup[];
  /** Every node that can be reached has erased too, the database is clean, and no backup that is known brings it back. */
  readonly complete: boolean;
  /** In words: what may still hold something of it, and until when. */
  readonly notCovered: readonly string[];
  readonly issuedAt: number;
}

export interface ReceiptBackup {
  readonly name: string;
  readonly goneByAt: number;
  /** The list beside it was read and holds this erasure: restored, it is erased again. */
  readonly erasedAgain: boolean;
}

export interface ReceiptNode {
  readonly name: string;
  readonly incarnation: number;
  readonly state: 'erased' | 'pending' | 'retired';
}

export interface SignedReceipt {
  readonly receipt: Receipt;
  /** Over the receipt: JWS (RFC 7515), compact, EdDSA. */
  readonly signature: string;
  /** JWK (RFC 7517). */
  readonly publicKey: JWK;
}

/** As it stands now. @throws TurnpikeError `not_found` */
export async function issueReceipt(context: Context, id: string): Promise<SignedReceipt> {
  const { store } = context;
  const shelf = await readShelf(context);
  const { receipt, key } = await store.transaction(async (tx) => ({
    receipt: await loadReceipt(context, tx, await findErasure(tx, id), shelf),
    key: await loadReceiptKey(context, tx),
  }));
  const signature = await new CompactSign(new TextEncoder().encode(JSON.stringify(receipt)))
    .setProtectedHeader({ alg: 'EdDSA' })
    .sign(key.privateKey);
  return { receipt, signature, publicKey: await exportJWK(key.publicKey) };
}

export async function listReceipts(context: Context): Promise<Receipt[]> {
  const { store } = context;
  const shelf = await readShelf(context);
  return store.transaction(async (tx) => {
    const rows = await tx.db.selectFrom('erasures').selectAll().orderBy('created_at').orderBy('id').execute();
    const receipts: Receipt[] = [];
    for (const row of rows) receipts.push(await loadReceipt(context, tx, row, shelf));
    return receipts;
  });
}

/** What lies in the directory of backups. */
interface Shelf {
  readonly backups: readonly ShelvedBackup[];
  /** Ids of the erasures that the list beside them holds. */
  readonly listed: ReadonlySet<string>;
}

/** As it is on the disk: what was to be written may not have been, or not beside these. */
async function readShelf({ backups: { directory }, envelope }: Context): Promise<Shelf> {
  const backups = await listShelf(directory);
  if (backups.length === 0) return { backups, listed: new Set() };
  try {
    const { erasures } = await readRemovals(atHand(await envelope.load()), join(directory, removalsName));
    return { backups, listed: new Set(erasures.map(({ id }) => id)) };
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    return { backups, listed: new Set() };
  }
}

async function loadBackups(
  context: Context,
  tx: Tx,
  { id, created_at }: Row<'erasures'>,
  { backups, listed }: Shelf,
): Promise<ReceiptBackup[]> {
  const now = context.clock.now();
  const away = await findAway(context, tx, backups);
  const known = [
    ...backups.map((backup) => ({ ...backup, erasedAgain: listed.has(id) })),
    ...away.map((backup) => ({ ...backup, erasedAgain: false })),
  ];
  return known
    .filter(({ createdAt }) => createdAt <= created_at || createdAt > now)
    .sort((a, b) => a.createdAt - b.createdAt)
    .map(({ name, createdAt, erasedAgain }) => ({ name, goneByAt: goneBy(context, createdAt), erasedAgain }));
}

async function loadReceipt(context: Context, tx: Tx, row: Row<'erasures'>, shelf: Shelf): Promise<Receipt> {
  const now = context.clock.now();
  const backups = await loadBackups(context, tx, row, shelf);
  const nodes = await tx.db
    .selectFrom('erasure_nodes')
    .innerJoin('nodes', 'nodes.id', 'erasure_nodes.node_id')
    .where('erasure_id', '=', row.id)
    .select(['nodes.name', 'erasure_nodes.incarnation', 'state'])
    .orderBy('nodes.name')
    .orderBy('erasure_nodes.incarnation')
    .execute();
  const databaseClean = row.unscrubbed === 0;
  return {
    id: row.id,
    erasedAt: row.created_at,
    accounts: row.accounts,
    subscriptions: row.subscriptions,
    devices: row.devices,
    databaseClean,
    nodes,
    backupsUntilAt: row.backups_until,
    backups,
    complete:
      databaseClean &&
      nodes.every(({ state }) => state !== 'pending') &&
      backups.every(({ erasedAgain }) => erasedAgain),
    notCovered: notCovered(row, nodes, backups, now),
    issuedAt: now,
  };
}

function notCovered(
  row: Row<'erasures'>,
  nodes: readonly ReceiptNode[],
  backups: Receipt['backups'],
  now: number,
): string[] {
  const lines: string[] = [];
  for (const { name, state } of nodes) {
    if (state === 'pending') {
      lines.push(`node ${name} has not erased yet; it does with the first word it hears from the controller`);
    }
    if (state === 'retired') {
      lines.push(
        `a former identity of node ${name}: wipe the agent's state directory, if that machine is still there`,
      );
    }
  }
  if (row.unscrubbed === 1) lines.push('the free pages of the database, until they have been written anew');
  if (now < row.backups_until) {
    lines.push(`backups that were made before; the last one is gone by ${utcDayOf(row.backups_until)}`);
  }
  for (const { name, goneByAt, erasedAgain } of backups) {
    const then = erasedAgain ? 'it is erased again' : 'it brings this back';
    lines.push(`backup ${name}, which is gone by ${utcDayOf(goneByAt)}; restored, ${then}`);
  }
  if (backups.some(({ erasedAgain }) => !erasedAgain)) lines.push(notListed);
  const answersUntil = row.created_at + answersKeptMs;
  if (now < answersUntil) {
    lines.push(
      `answers to changes with an Idempotency-Key, encrypted so that only their callers can read them, until ${new Date(answersUntil).toISOString()}`,
    );
  }
  return [
    ...lines,
    'events that webhook endpoints have taken, and ids in system logs: with those who keep them',
  ];
}

const notListed =
  "the list of removals beside the backups that bring this back, which does not hold it, or could not be read: have them in the controller's directory of backups (is its disk mounted?) and let it write there; the list is written every hour, and with turnpike backup create. Ask for this receipt again then. A backup that is gone for good: turnpike backup forget NAME";
