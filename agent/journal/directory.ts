import { accessSync, chmodSync, closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { TurnpikeError } from '../../common/errors.ts';

/** Makes the state directory when it is not there, for the agent's user only: it holds preshared keys. */
export function ensureStateDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw directoryError(directory, error);
  }
}

/** Creates the file when it is not there, readable by its owner only. */
export function ensurePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    throw directoryError(path, error);
  }
}

export function directoryError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC') {
    return new TurnpikeError('exhausted', `the disk that holds ${path} is full`, { cause: error });
  }
  return new TurnpikeError('environment', `${path} cannot be written${code ? `: ${code}` : ''}`, {
    remedy: 'the state directory must be on a writable disk and belong to the agent’s user',
    cause: error,
  });
}
