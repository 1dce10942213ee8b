import { link, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory, writeBeside } from './atomic-file.ts';
import { TurnpikeError } from './errors.ts';

/** What to do where a file cannot be written or renamed. */
export const directoryRemedy = 'its directory must be writable, and its disk not full';

/** What a secret file is to people. */
export interface SecretFile {
  readonly path: string;
  /** Such as "the fleet's CA". */
  readonly what: string;
  /** What to do when somebody else may have read it. */
  readonly whenRead: string;
}

/**
 * The text of a file that is for its owner alone; undefined when there is none.
 * @throws TurnpikeError `environment` when others may read it, or we cannot
 */
export async function readSecretFile({ path, what, whenRead }: SecretFile): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new TurnpikeError('environment', `others may read ${what} in ${path}`, {
        remedy: `chmod 600 ${path}; if somebody may have read it, ${whenRead}`,
      });
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof TurnpikeError) throw error;
    throw new TurnpikeError('environment', `${what} in ${path} cannot be read: ${errorCode(error)}`, {
      remedy: 'it must be a file that the user of this program may read',
    });
  }
}

/**
 * Makes the file, mode 0600, whole and durable; it never takes the place of another.
 * @throws TurnpikeError `conflict` when there is one already
 */
export async function createSecretFile({ path, what }: SecretFile, text: string): Promise<void> {
  try {
    const temporary = await writeBeside(path, text);
    // link, unlike rename, fails when the name is taken.
    await link(temporary, path);
    await rm(temporary);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw new TurnpikeError('conflict', `${path} holds ${what} already`);
    throw new TurnpikeError('environment', `${what} cannot be kept in ${path}: ${errorCode(error)}`, {
      remedy: directoryRemedy,
    });
  }
}

/** Does nothing when there is no file. */
export async function putSecretFileAside({ path, what }: SecretFile, suffix: string): Promise<void> {
  try {
    await rename(path, `${path}.${suffix}`);
    await syncDirectory(dirname(path));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw new TurnpikeError('environment', `${what} in ${path} cannot be put aside: ${errorCode(error)}`, {
      remedy: directoryRemedy,
    });
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : String(error);
}
