import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';

/** Primary result codes, sqlite.org/rescode.html. */
const sqlite = {
  busy: 5,
  locked: 6,
  readonly: 8,
  ioerr: 10,
  corrupt: 11,
  full: 13,
  cantopen: 14,
  notadb: 26,
} as const;

/** SQLite's errors as ours, with the remedy. What is not SQLite's is given back as it is. */
export function storeFailure(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const failure = (message: string, remedy: string) =>
    new TurnpikeError('environment', message, { remedy, cause: error });
  switch (code & 0xff) {
    case sqlite.busy:
    case sqlite.locked:
      return new TurnpikeError('conflict', `the database ${path} is in use by another process`, {
        remedy: 'only one controller may run on it; stop the other one',
        cause: error,
      });
    case sqlite.readonly:
      return failure(`the database ${path} cannot be written: it is read-only`, remedyForReadOnly);
    case sqlite.full:
      return failure(
        `the disk that holds ${path} is full; nothing was changed`,
        'make room on it, then do it again',
      );
    case sqlite.cantopen:
      return failure(
        `the database ${path} cannot be opened`,
        'check that it is a file, and that this user may write to it',
      );
    case sqlite.notadb:
      return failure(`${path} is not a database`, 'name another file at store.path, or move this one away');
    case sqlite.corrupt:
      return failure(`the database ${path} is damaged`, 'restore it from a backup');
    case sqlite.ioerr:
      return failure(
        `the disk that holds ${path} failed to read or write`,
        'look into the system log (a disk that fails is made read-only) and mend it, then restart the controller',
      );
    default:
      return new TurnpikeError('internal', `the database refused: ${(error as Error).message}`, {
        cause: error,
      });
  }
}

/**
 * SQLite calls a disk that is mounted read-only an input/output error when there is a log to be read first.
 * @throws TurnpikeError `environment`
 */
export function checkWritable(path: string): void {
  const directory = dirname(path);
  try {
    // The log lies beside the database.
    accessSync(directory, constants.W_OK | constants.X_OK);
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    throw new TurnpikeError(
      'environment',
      missing
        ? `the directory ${directory} is missing`
        : `the database ${path} cannot be written: it is read-only`,
      {
        remedy: missing ? 'create it, for the user that runs the controller' : remedyForReadOnly,
        cause: error,
      },
    );
  }
}

const remedyForReadOnly =
  'check to whom the file and its directory belong and with what permissions, and that the disk is not mounted read-only';

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
