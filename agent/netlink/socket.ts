import { constants } from 'node:os';
import koffi from 'koffi';
import { TurnpikeError } from '../../common/errors.ts';

// Node has no sockets of this family.
const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const send = libc.func('intptr_t send(int, const void *, size_t, int)');
const recv = libc.func('intptr_t recv(int, _Out_ void *, size_t, int)');
const close = libc.func('int close(int)');

const familyNetlink = 16;
const typeRaw = 3;
const closeOnExec = 0o2000000;
const protocolNetfilter = 12;
const dontWait = 0x40;
/** The true length of what was read, also where there was no room for it. */
const trueLength = 0x20;

/** The kernel fills at most 32 KiB at a time. */
const roomBytes = 65_536;

/** A conversation with the netfilter of one network namespace. Nothing in it waits. */
export interface NetlinkSocket {
  send(request: Buffer): void;
  /** What the kernel says next; the bytes are the caller's. */
  receive(): Buffer;
  close(): void;
}

/** In the network namespace of this process. @throws TurnpikeError `environment`, as what it returns does */
export function openNetlink(): NetlinkSocket {
  const descriptor: number = socket(familyNetlink, typeRaw | closeOnExec, protocolNetfilter);
  if (descriptor < 0) throw failed();
  const room = Buffer.alloc(roomBytes);
  return {
    send: (request) => {
      if (send(descriptor, request, request.length, 0) !== request.length) throw failed();
    },
    receive: () => {
      const length: number = recv(descriptor, room, room.length, dontWait | trueLength);
      if (length < 0 || length > room.length) throw failed();
      return Buffer.from(room.subarray(0, length));
    },
    close: () => void close(descriptor),
  };
}

function failed(): TurnpikeError {
  const number = koffi.errno();
  const name =
    Object.entries(constants.errno).find(([, value]) => value === number)?.[0] ?? `error ${number}`;
  return new TurnpikeError('environment', `the kernel's netfilter cannot be asked: ${name}`, {
    remedy: 'turnpike-agent doctor says what is missing on this machine',
  });
}
