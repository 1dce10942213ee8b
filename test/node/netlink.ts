import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { type NetlinkSocket, openNetlink } from '../../agent/netlink/socket.ts';

const networkNamespace = 0x4000_0000;
const setns = koffi.load(null).func('int setns(int, int)');

/** As the agent opens it, in a network namespace of `ip netns`: a socket stays in the one in which it was made. */
export function openNetlinkIn(namespace: string): NetlinkSocket {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  const other = openSync(`/run/netns/${namespace}`, 'r');
  try {
    if (setns(other, networkNamespace) !== 0) throw new Error(`cannot enter ${namespace}`);
    try {
      return openNetlink();
    } finally {
      if (setns(own, networkNamespace) !== 0) process.abort();
    }
  } finally {
    closeSync(own);
    closeSync(other);
  }
}
