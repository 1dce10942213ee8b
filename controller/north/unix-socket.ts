import { chmod, lstat, rename, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { TurnpikeError } from '../../common/errors.ts';
import type { Api } from './api.ts';

/**
 * Listens on a unix socket that only its owner may open. The socket is made beside and moved into place once its mode
 * is right, so that there is no moment in which others may open it, and one that a dead controller left is replaced.
 * @returns what removes it
 * @throws TurnpikeError when somebody listens there, or the place cannot be used
 */
export async function listenOnSocket(api: Api, path: string): Promise<() => Promise<void>> {
  await refuseWhenTaken(path);
  const fresh = `${path}.new`;
  try {
    // Asked for itself, because libuv calls a missing directory EACCES.
    await stat(dirname(path));
    await rm(fresh, { force: true });
    await api.listen({ path: fresh });
    await chmod(fresh, 0o600);
    await rename(fresh, path);
  } catch (error) {
    throw describeFailure(error, path);
  }
  const { ino } = await lstat(path);
  return async () => {
    const now = await lstat(path).catch(() => undefined);
    if (now?.ino === ino) await rm(path, { force: true });
  };
}

async function refuseWhenTaken(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new TurnpikeError('conflict', `api.socket ${path} is there already and is not a socket`, {
      remedy: 'move it away, or choose another path for api.socket',
    });
  }
  if (await answers(path)) {
    throw new TurnpikeError('conflict', `api.socket ${path} is in use: another program listens there`, {
      remedy: 'is another turnpike-controller running? Stop it, or choose another path for api.socket',
    });
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function describeFailure(error: unknown, path: string): TurnpikeError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const directory = dirname(path);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new TurnpikeError('environment', `api.socket ${path}: there is no directory ${directory}`, {
        remedy: 'create it (systemd does: RuntimeDirectory=turnpike), or choose another path for api.socket',
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new TurnpikeError('environment', `api.socket ${path}: this user may not write to ${directory}`, {
        remedy: 'run as the user that owns it, or choose another path for api.socket',
        cause: error,
      });
    default:
      return new TurnpikeError('environment', `api.socket ${path}: cannot listen: ${code}`, { cause: error });
  }
}
