import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';

export interface ShelvedBackup {
  readonly name: string;
  readonly path: string;
  /** As its name says. */
  readonly createdAt: number;
  readonly bytes: bigint;
}

const pattern = /^turnpike-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.backup$/;

/** `turnpike-20261125T230000Z.backup`: in the order of time, and nothing else in it. */
export function backupName(at: number): string {
  return `turnpike-${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.backup`;
}

/** When it was made, by its name; undefined: that is no name of a backup. */
export function parseBackupName(name: string): number | undefined {
  const time = pattern.exec(name);
  if (time === null) return undefined;
  const [, year, month, day, hour, minute, second] = time.map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}

/** The backups in a directory, the oldest first. None where there is no directory yet. */
export async function listShelf(directory: string): Promise<ShelvedBackup[]> {
  const names = await readdir(directory).catch(() => []);
  const found: ShelvedBackup[] = [];
  for (const name of names.sort()) {
    const createdAt = parseBackupName(name);
    if (createdAt === undefined) continue;
    const path = join(directory, name);
    const size = await stat(path, { bigint: true }).catch(() => undefined);
    if (size !== undefined) found.push({ name, path, createdAt, bytes: size.size });
  }
  return found;
}

/** @throws TurnpikeError `not_found` */
export async function findShelved(directory: string, name: string): Promise<ShelvedBackup> {
  const found = (await listShelf(directory)).find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new TurnpikeError('not_found', `there is no backup ${name.slice(0, 60)} in ${directory}`, {
    remedy: 'see "turnpike backup list"',
  });
}

/** Makes the directory, for us alone. @throws TurnpikeError `environment` */
export async function makeShelf(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new TurnpikeError('environment', `the directory of backups ${directory} cannot be made`, {
      remedy: 'let the controller write there, or name another one at backup.directory',
      cause: error,
    });
  }
}

/** @returns the names of those that went */
export async function clearShelf(directory: string, before: number): Promise<string[]> {
  const old = (await listShelf(directory)).filter(({ createdAt }) => createdAt < before);
  for (const { path } of old) await rm(path, { force: true });
  if (old.length > 0) await syncDirectory(directory);
  return old.map(({ name }) => name);
}
