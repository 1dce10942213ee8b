import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import type { EnvelopeKey } from '../vault/envelope.ts';
import { goneBy } from './gone-by.ts';
import { openSealedFile } from './sealed-file.ts';

const ErasureOnce = Type.Object({
  id: Type.String(),
  /** Milliseconds since 1970. */
  erasedAt: Type.Number(),
  /** By then no backup is left that holds them. */
  backupsUntilAt: Type.Number(),
  /** SHA-256 of the ids of the accounts, hex. Ids are random: who was erased cannot be told from it. */
  accounts: Type.Array(Type.String()),
});

/** An erasure, as whoever restores a backup of before must know it. */
export type ErasureOnce = Static<typeof ErasureOnce>;

/**
 * `api-key`, `node`: by its id. `api-key-secret`: one that a rotation ended, by a hash of its hash ({@link hashOfSecret}).
 * `identity`: an incarnation that was replaced or quarantined, by {@link identitySubject}. `restriction`: of an account that is
 * kept and not used, by {@link hashOfAccount}; what would come back is its use.
 */
const kinds = ['api-key', 'api-key-secret', 'node', 'identity', 'restriction'] as const;

const Removal = Type.Object({
  kind: Type.Enum([...kinds]),
  subject: Type.String(),
  /** Since when it is refused, or restricted, milliseconds since 1970. To come, while a rotation overlaps. */
  at: Type.Number(),
  /** By then no backup is left in which it is accepted, or used. */
  backupsUntilAt: Type.Number(),
});

export type Removal = Static<typeof Removal>;

const Removals = Type.Object({
  format: Type.Literal('turnpike-removals-1'),
  /** Milliseconds since 1970: of what was removed later it knows nothing. */
  writtenAt: Type.Number(),
  erasures: Type.Array(ErasureOnce),
  removals: Type.Array(Removal),
});

/** What was taken away and may still be in backups. It lies beside them, so that nothing comes back with one unseen. */
export type Removals = Static<typeof Removals>;

export const removalsName = 'removals.backup-list';

export function hashOfAccount(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** Of what is stored of a key: who reads the list knows nothing with which keys can be known again elsewhere. */
export function hashOfSecret(hash: Uint8Array): string {
  return createHash('sha256').update(hash).digest('hex');
}

export function identitySubject({ nodeId, incarnation }: { nodeId: string; incarnation: number }): string {
  return `${nodeId}/${incarnation}`;
}

/** In the transaction that erases them. */
export async function noteErased({ db }: Tx, { id, accounts }: ErasureOnce): Promise<void> {
  const rows = accounts.map((account_hash) => ({ erasure_id: id, account_hash }));
  for (const chunk of chunks(rows)) await db.insertInto('erased_accounts').values(chunk).execute();
}

/** In the transaction that takes it away; `at` as in {@link Removal}. */
export function noteRemoved(
  context: Pick<Context, 'backups'>,
  tx: Tx,
  removal: Omit<Removal, 'backupsUntilAt'>,
): Promise<void> {
  return keepRemoval(tx, { ...removal, backupsUntilAt: goneBy(context, removal.at) });
}

/**
 * What is known already ends when it ends first, and is kept as long as either says. A restriction is as the later one says: the
 * earlier one was lifted in between.
 */
export async function keepRemoval({ db }: Tx, { backupsUntilAt, ...removal }: Removal): Promise<void> {
  await db
    .insertInto('removals')
    .values({ ...removal, backups_until: backupsUntilAt })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet({
        at: sql`CASE excluded.kind WHEN 'restriction' THEN max(removals.at, excluded.at) ELSE min(removals.at, excluded.at) END`,
        backups_until: sql`max(removals.backups_until, excluded.backups_until)`,
      }),
    )
    .execute();
}

/** In the transaction that lifts the restrictions of these accounts, or erases them. */
export async function forgetRestrictions({ db }: Tx, accounts: readonly string[]): Promise<void> {
  for (const chunk of chunks(accounts.map(hashOfAccount))) {
    await db.deleteFrom('removals').where('kind', '=', 'restriction').where('subject', 'in', chunk).execute();
  }
}

/** Whether one of these was taken away, as far as a backup may hold it. */
export async function isRemoved(
  { db }: Tx,
  ...removals: readonly Pick<Removal, 'kind' | 'subject'>[]
): Promise<boolean> {
  const found = await db
    .selectFrom('removals')
    .where((row) => row.or(removals.map(({ kind, subject }) => row.and({ kind, subject }))))
    .select('kind')
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

export async function loadRemovals(tx: Tx, writtenAt: number): Promise<Removals> {
  const rows = await tx.db.selectFrom('removals').selectAll().orderBy('at').orderBy('subject').execute();
  return {
    format: 'turnpike-removals-1',
    writtenAt,
    erasures: await loadErasures(tx),
    removals: rows.map(({ backups_until, ...row }) => ({ ...row, backupsUntilAt: backups_until })),
  };
}

async function loadErasures({ db }: Tx): Promise<ErasureOnce[]> {
  const rows = await db
    .selectFrom('erasures')
    .innerJoin('erased_accounts', 'erasure_id', 'id')
    .select(['id', 'created_at', 'backups_until', 'account_hash'])
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  return Object.values(Object.groupBy(rows, ({ id }) => id)).flatMap((group = []) => {
    const [first] = group;
    if (first === undefined) return [];
    const { id, created_at: erasedAt, backups_until: backupsUntilAt } = first;
    return [{ id, erasedAt, backupsUntilAt, accounts: group.map((row) => row.account_hash) }];
  });
}

/**
 * Their time is over, and there is no backup of before: the oldest is of `oldestAt`. Both, because backups may be kept
 * longer from now on than when it was taken away.
 */
export async function forgetRemoved({ db }: Tx, now: number, oldestAt: number | undefined): Promise<void> {
  const before = Math.min(now, oldestAt ?? now);
  const gone = db
    .selectFrom('erasures')
    .where('backups_until', '<', now)
    .where('created_at', '<', before)
    .select('id');
  await db.deleteFrom('erased_accounts').where('erasure_id', 'in', gone).execute();
  await db.deleteFrom('removals').where('backups_until', '<', now).where('at', '<', before).execute();
}

/** @throws TurnpikeError `environment` when it is missing or is not as it was written */
export async function readRemovals(keys: readonly EnvelopeKey[], path: string): Promise<Removals> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new TurnpikeError(
      'environment',
      `there is no ${path}: customers, API keys and nodes that were removed since the backup would come back unseen, and restricted customers would be used again`,
      {
        remedy: `copy it from beside the backups, the latest one; ${orWithout}`,
        cause: error,
      },
    );
  }
  const text = Buffer.from(await openSealedFile(keys, path, bytes, otherCopy)).toString();
  const list: unknown = parse(text);
  if (Value.Check(Removals, list)) return list;
  throw new TurnpikeError(
    'environment',
    `${path} is no list of removals, or was written by another version`,
    {
      remedy: 'restore with that version',
    },
  );
}

const orWithout =
  'if there is none any more, --without-removals restores all the same, and every erasure, restriction, removal and rotation since the backup must be done again';

/** Where it is not as it was written: it belongs to all backups, so that another one of those would not help. */
const otherCopy = `take another copy of the list, the latest one; ${orWithout}`;

/** A backup in its place is sealed with the same key. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
