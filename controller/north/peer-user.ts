import type { Socket } from 'node:net';
import koffi from 'koffi';

// socket(7): whoever called connect(2), as the kernel knows them; Node has no call for it.
const solSocket = 1;
const soPeercred = 17;

const getsockopt = koffi.load(null).func('int getsockopt(int, int, int, void *, void *)');

/** The Unix user at the other end of a unix socket; undefined when the kernel does not tell. */
export function peerUser(socket: Socket): number | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) return undefined;
  // struct ucred: pid, uid, gid.
  const credentials = new Uint32Array(3);
  const length = new Uint32Array([credentials.byteLength]);
  const failed = getsockopt(handle.fd, solSocket, soPeercred, credentials, length) !== 0;
  return failed ? undefined : credentials[1];
}
