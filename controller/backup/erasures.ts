import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Value } from 'typebox/value';
import { writeFileAtomically } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import type { EnvelopeKey } from '../vault/envelope.ts';
import { openSealedFile, sealFile } from './sealed-file.ts';

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

const Erasures = Type.Object({
  format: Type.Literal('turnpike-erasures-1'),
  /** Milliseconds since 1970: of what was erased later it knows nothing. */
  writtenAt: Type.Number(),
  erasures: Type.Array(ErasureOnce),
});

/** Who was erased and may still be in backups. It lies beside them, so that nobody comes back with one unseen. */
export type Erasures = Static<typeof Erasures>;

export const erasuresName = 'erasures.backup-list';

export function hashOfAccount(id: string): string {
  return createHash('sha256').update(id).digest('hex');
}

/** In the transaction that erases them. */
export async function noteErased({ db }: Tx, { id, accounts }: ErasureOnce): Promise<void> {
  const rows = accounts.map((account_hash) => ({ erasure_id: id, account_hash }));
  for (const chunk of chunks(rows)) await db.insertInto('erased_accounts').values(chunk).execute();
}

/** Writes the list beside the backups, where there are any. */
export async function writeErasures({ store, clock, envelope, backups }: Context): Promise<void> {
  const { current } = await envelope.load();
  const shelf = await stat(backups.directory).catch(() => undefined);
  if (current === undefined || shelf === undefined) return;
  const erasures = await store.transaction(loadErasures);
  const list: Erasures = { format: 'turnpike-erasures-1', writtenAt: clock.now(), erasures };
  const sealed = await sealFile(current, Buffer.from(JSON.stringify(list)));
  await writeFileAtomically(join(backups.directory, erasuresName), sealed);
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

/** No backup is left in which they could be. */
export async function forgetErased({ db }: Tx, now: number): Promise<void> {
  const gone = db.selectFrom('erasures').where('backups_until', '<', now).select('id');
  await db.deleteFrom('erased_accounts').where('erasure_id', 'in', gone).execute();
}

/** @throws TurnpikeError `environment` when it is missing or is not as it was written */
export async function readErasures(keys: readonly EnvelopeKey[], path: string): Promise<Erasures> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new TurnpikeError(
      'environment',
      `there is no ${path}: customers who were erased since the backup would come back unseen`,
      {
        remedy:
          'copy it from beside the backups, the latest one; if there is none any more, --without-erasures restores all the same, and every erasure since the backup must be done again',
        cause: error,
      },
    );
  }
  const text = Buffer.from(await openSealedFile(keys, path, bytes)).toString();
  const list: unknown = JSON.parse(text);
  if (Value.Check(Erasures, list)) return list;
  throw new TurnpikeError('environment', `${path} was written by another version`, {
    remedy: 'restore with that version',
  });
}
