import { TurnpikeError } from '../../common/errors.ts';
import type { Gate, GateReading } from '../gate/model.ts';
import type { Host } from '../host/host.ts';
import { isJournalGone, type Journal, openJournal } from '../journal/journal.ts';
import type { Owner } from '../journal/state.ts';
import { askStatus, statusSocketPath } from '../status/socket.ts';

export interface DownOptions {
  readonly host: Host;
  readonly gate: Gate;
  /** Keeps the last counters; the table goes only when it has. Absent where there is no journal to keep them in. */
  readonly book?: (reading: GateReading) => Promise<void>;
}

/**
 * `turnpike-agent down`: takes everything down that is ours. The interface goes first, so that nothing passes any more while
 * the counters are read for the last time. What it did before a failure need not be done again.
 * @returns lines to print
 */
export async function down({ host, gate, book }: DownOptions): Promise<readonly string[]> {
  const lines = [...(await host.remove())];
  const reading = await gate.read();
  if (reading !== undefined) {
    await book?.(reading);
    lines.push(book ? 'book the last counters' : 'leave the last counters unread: the journal is gone');
  }
  if ((await gate.epoch()) !== undefined) lines.push('delete the nftables table turnpike');
  await gate.remove();
  return lines;
}

/**
 * The journal that the last counters are for; undefined where it is gone: then all that was granted and not reported is
 * written off when the node joins anew, and what is in the kernel must not stay for that.
 * @throws TurnpikeError `conflict` while an agent runs, which would make anew what is taken down
 */
export async function openLastJournal(directory: string, owner: Owner): Promise<Journal | undefined> {
  // Its lock says when an agent runs; without it, the socket does.
  if (!isJournalGone(directory, owner)) return openJournal(directory, owner);
  if ((await askStatus(statusSocketPath(directory))) === undefined) return undefined;
  throw new TurnpikeError('conflict', `an agent runs with ${directory}`, { remedy: 'stop it first' });
}
