import { existsSync } from 'node:fs';
import { dayMs } from '../../common/day.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { Context } from '../books/context.ts';
import { chunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { backupName, listShelf, parseBackupName, type ShelvedBackup } from './shelf.ts';

/**
 * Which backups were made is known to the books, because a directory does not tell: where its disk is not mounted, it is empty
 * or missing as if there had never been any, and the list of removals does not come to lie beside them.
 */
export type KnownBackup = Pick<ShelvedBackup, 'name' | 'createdAt'>;

/** Those on the shelf are known from now on. */
export async function noteBackups({ db }: Tx, backups: readonly { createdAt: number }[]): Promise<void> {
  for (const chunk of chunks(backups.map(({ createdAt }) => ({ created_at: createdAt })))) {
    await db
      .insertInto('backups')
      .values(chunk)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** Those that are known, whose time is not over, and that are not on the shelf: the oldest first. */
export async function findAway(
  { clock, backups }: Pick<Context, 'clock' | 'backups'>,
  { db }: Tx,
  shelf: readonly KnownBackup[],
): Promise<KnownBackup[]> {
  const there = new Set(shelf.map(({ createdAt }) => createdAt));
  const rows = await db
    .selectFrom('backups')
    .where('created_at', '>=', clock.now() - backups.keepDays * dayMs)
    .select('created_at as createdAt')
    .orderBy('created_at')
    .execute();
  return rows
    .filter(({ createdAt }) => !there.has(createdAt))
    .map(({ createdAt }) => ({ name: backupName(createdAt), createdAt }));
}

export async function listAway(
  context: Pick<Context, 'store' | 'clock' | 'backups'>,
): Promise<KnownBackup[]> {
  const shelf = await lookAtShelf(context);
  return context.store.transaction((tx) => findAway(context, tx, shelf));
}

/** Notes what is on the shelf. @returns those that are known and are not there */
export async function noteShelf(
  context: Pick<Context, 'store' | 'clock' | 'backups'>,
): Promise<KnownBackup[]> {
  const shelf = await lookAtShelf(context);
  return context.store.transaction(async (tx) => {
    await noteBackups(tx, shelf);
    return findAway(context, tx, shelf);
  });
}

/** At once where there is no directory, so that a simulated controller waits for nothing outside of its world. */
async function lookAtShelf({ backups }: Pick<Context, 'backups'>): Promise<readonly ShelvedBackup[]> {
  return existsSync(backups.directory) ? listShelf(backups.directory) : [];
}

/** Their time is over. */
export async function forgetBackups({ db }: Tx, before: number): Promise<void> {
  await db.deleteFrom('backups').where('created_at', '<', before).execute();
}

/**
 * One that is gone for good.
 * @throws TurnpikeError `conflict` when it is on the shelf, `not_found` when it is not known
 */
export async function forgetBackup(context: Pick<Context, 'store' | 'backups'>, name: string): Promise<void> {
  const { store, backups } = context;
  if ((await lookAtShelf(context)).some((one) => one.name === name)) {
    throw new TurnpikeError('conflict', `${name} is in ${backups.directory}`, {
      remedy: 'remove the file first: what is there is known again',
    });
  }
  const createdAt = parseBackupName(name);
  const { numDeletedRows } = await store.transaction(({ db }) =>
    db
      .deleteFrom('backups')
      .where('created_at', '=', createdAt ?? -1)
      .executeTakeFirst(),
  );
  if (numDeletedRows > 0n) return;
  throw new TurnpikeError('not_found', `no backup ${name.slice(0, 60)} is known`, {
    remedy: 'see "turnpike backup list"',
  });
}
