import { join } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';
import { version } from '../../common/version.ts';
import type { Context } from '../books/context.ts';
import { atHand } from '../vault/envelope.ts';
import { goneBy } from './gone-by.ts';
import { forgetBackup, type KnownBackup, listAway } from './known.ts';
import { runJob } from './run-job.ts';
import { readKeyId } from './sealed-file.ts';
import { backupName, findShelved, listShelf, makeShelf, type ShelvedBackup } from './shelf.ts';

export interface Backup {
  readonly name: string;
  readonly createdAt: number;
  readonly bytes: bigint;
  /** Id of the envelope key with which it can be restored. */
  readonly envelope: string;
  /** By then it has been removed. */
  readonly goneByAt: number;
}

export type AwayBackup = Pick<Backup, 'name' | 'createdAt' | 'goneByAt'>;

/** What lies beside the database and belongs to it, by name: text. */
export type ReadFiles = () => Promise<Readonly<Record<string, string>>>;

export interface Backups {
  /** Writes one while everything goes on, and looks through it. */
  create(files: ReadFiles): Promise<Backup>;
  list(): Promise<Backup[]>;
  /** Those that were made, whose time is not over, and that are not in the directory. */
  away(): Promise<AwayBackup[]>;
  /** One that is away and gone for good. @throws TurnpikeError `conflict`, `not_found` */
  forget(name: string): Promise<void>;
  /** Decrypts it and looks through it. @throws TurnpikeError with what is wrong */
  verify(name: string): Promise<Backup>;
  /** The list of what must not come back is on the disk beside them. @returns in words, what is missing */
  keepRemovals(): Promise<string[]>;
  /** Whether the last attempt to write that list did, and no backup is there that was not then. */
  areRemovalsWritten(): Promise<boolean>;
}

/** What is missing before that. */
export const removalPending =
  'the list of removals beside the backups, which is written within the hour: a backup of before that is restored without it brings back what was taken away, and uses what was restricted';

/** Together with what lies beside the database. */
export interface BackupsAtMachine extends Omit<Backups, 'create'> {
  create(): Promise<Backup>;
}

export function createBackups(context: Context): Backups {
  const { store, envelope, clock, backups } = context;
  const show = async ({ name, path, createdAt, bytes }: ShelvedBackup): Promise<Backup> => ({
    ...{ name, createdAt, bytes },
    envelope: await readKeyId(path),
    goneByAt: goneBy(context, createdAt),
  });
  let making: Promise<Backup> | undefined;
  const make = async (files: ReadFiles): Promise<Backup> => {
    await makeShelf(backups.directory);
    const { current } = await envelope.load();
    if (current === undefined) throw new TurnpikeError('environment', `${envelope.place} is gone`);
    // As its name can say it.
    const createdAt = Math.floor(clock.now() / 1000) * 1000;
    const path = join(backups.directory, backupName(createdAt));
    const database = await store.serialize();
    // After the database: books that are older than the CA beside them are brought up to it.
    const about = { createdAt, version, files: await files() };
    await runJob({ kind: 'write', path, key: current, about, database });
    await context.removals.keep();
    return show(await findShelved(backups.directory, backupName(createdAt)));
  };
  return {
    create: (files) => {
      making ??= make(files).finally(() => {
        making = undefined;
      });
      return making;
    },
    list: async () => Promise.all((await listShelf(backups.directory)).map(show)),
    away: async () =>
      (await listAway(context)).map((one: KnownBackup) => ({
        ...one,
        goneByAt: goneBy(context, one.createdAt),
      })),
    forget: async (name) => {
      await forgetBackup(context, name);
      await context.removals.keep();
    },
    verify: async (name) => {
      const found = await findShelved(backups.directory, name);
      await runJob({ kind: 'verify', path: found.path, keys: atHand(await envelope.load()) });
      return show(found);
    },
    keepRemovals: async () => {
      await context.removals.keep();
      return context.removals.missing();
    },
    areRemovalsWritten: async () => {
      const away = new Set((await listAway(context)).map(({ name }) => name));
      return context.removals.isWritten() && context.removals.away().every((name) => away.has(name));
    },
  };
}
