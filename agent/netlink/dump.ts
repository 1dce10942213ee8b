import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { TurnpikeError } from '../../common/errors.ts';
import { dumpRequest, readPage } from './messages.ts';
import type { NetlinkSocket } from './socket.ts';

/** Somebody who changes rulesets all the time must not keep us from ever reading ours. */
const mostTries = 20;

/** Pages between which others get their turn: some 1,000 objects, less than a millisecond. */
const pagesAtOnce = 4;

/**
 * The attributes of all objects of a kind; undefined when what was asked for is not there.
 * @throws TurnpikeError `environment`; the signal's reason when it ends it
 */
export async function dump(
  open: () => NetlinkSocket,
  kind: number,
  attributes: readonly Buffer[],
  signal?: AbortSignal,
): Promise<readonly Buffer[] | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const { objects, ended, interrupted } = await dumpOnce(open, dumpRequest(kind, attributes), signal);
    if (ended === constants.errno.ENOENT) return undefined;
    if (ended === constants.errno.EPERM) {
      throw new TurnpikeError('environment', 'the ruleset may not be read', {
        remedy: 'run turnpike-agent as root, or with CAP_NET_ADMIN',
      });
    }
    if (ended === constants.errno.EINTR || interrupted) continue;
    if (ended !== 0) {
      throw new TurnpikeError('environment', `the kernel does not list its ruleset: error ${ended}`, {
        remedy: 'a kernel of 6.1 or newer is needed; turnpike-agent doctor says more',
      });
    }
    return objects;
  }
  throw new TurnpikeError('environment', 'the ruleset changes faster than it can be read', {
    remedy: 'see with "nft monitor" which program changes it all the time',
  });
}

async function dumpOnce(
  open: () => NetlinkSocket,
  request: Buffer,
  signal: AbortSignal | undefined,
): Promise<{ objects: Buffer[]; ended: number; interrupted: boolean }> {
  const objects: Buffer[] = [];
  let interrupted = false;
  const socket = open();
  try {
    socket.send(request);
    for (let pages = 1; ; pages += 1) {
      const page = readPage(socket.receive());
      for (const object of page.objects) objects.push(object);
      interrupted ||= page.interrupted;
      if (page.ended !== undefined) return { objects, ended: page.ended, interrupted };
      if (pages % pagesAtOnce === 0) await setImmediate();
      signal?.throwIfAborted();
    }
  } finally {
    socket.close();
  }
}
