import { readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory, writeBeside } from '../../common/atomic-file.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { EnvelopeKey } from '../vault/envelope.ts';
import { checkBooks } from './check.ts';
import { type BackupContent, joinContent, type Manifest, splitContent } from './content.ts';
import { openSealedFile, sealFile } from './sealed-file.ts';

/** Work that takes long: done beside the books, in a thread of its own. */
export type Job =
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly key: EnvelopeKey;
      readonly about: Pick<Manifest, 'createdAt' | 'version' | 'files'>;
      readonly database: Uint8Array;
    }
  | { readonly kind: 'verify'; readonly path: string; readonly keys: readonly EnvelopeKey[] };

/** @throws TurnpikeError `environment` */
export async function doJob(job: Job): Promise<void> {
  if (job.kind === 'verify') return void (await openBackup(job.keys, job.path));
  checkBooks('the database', job.database);
  const sealed = await sealFile(job.key, joinContent(job.about, job.database));
  let temporary: string | undefined;
  try {
    temporary = await writeBeside(job.path, sealed);
    // As it is on the disk, not as it was in memory.
    await openBackup([job.key], temporary);
    await rename(temporary, job.path);
    await syncDirectory(dirname(job.path));
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { force: true });
    throw error instanceof TurnpikeError ? error : notWritten(job.path, error);
  }
}

/** Decrypts a backup and looks through it. @throws TurnpikeError `environment` */
export async function openBackup(keys: readonly EnvelopeKey[], path: string): Promise<BackupContent> {
  const content = splitContent(path, await openSealedFile(keys, path, await readFile(path)));
  checkBooks(path, content.database);
  return content;
}

function notWritten(path: string, error: unknown): TurnpikeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'it failed';
  return new TurnpikeError('environment', `the backup ${path} cannot be written: ${code}`, {
    remedy: 'make room on its disk, and let the controller write there; nothing was left behind',
    cause: error,
  });
}
