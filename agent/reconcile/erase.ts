import type { Journal } from '../journal/journal.ts';
import type { JournalState } from '../journal/state.ts';
import type { Memory } from './memory.ts';

/**
 * Erases from the journal and from memory what is to be erased, as far as nothing needs it any more: its devices have
 * left the gate with a last reading, and no report that may name it is under way. What was counted stays in the sums of
 * the node. True when something was erased.
 */
export function eraseWhatIsGone(journal: Journal, memory: Memory): boolean {
  const { state } = journal;
  const gone = [...state.erasing].filter(([id, lastReport]) => isGone(state, memory, id, lastReport));
  if (gone.length === 0) return false;
  const ids = new Set(gone.map(([id]) => id));
  const devices = [...state.meters.values()].filter(({ subscriptionId }) => ids.has(subscriptionId));
  journal.commit({ past: pastWith(state, ids), erased: ids });
  journal.compact();
  forget(memory, ids, new Set(devices.map(({ deviceId }) => deviceId)));
  return true;
}

function isGone(
  { meters, report }: Readonly<JournalState>,
  { gate }: Memory,
  id: string,
  lastReport: bigint,
): boolean {
  if (report !== undefined && report.number <= lastReport) return false;
  for (const { deviceId, subscriptionId, counted } of meters.values()) {
    if (subscriptionId === id && (counted.length > 0 || gate.devices.has(deviceId))) return false;
  }
  return true;
}

/** Of whom it was is no longer known; that it passed here is. */
function pastWith({ past, meters, accounts }: Readonly<JournalState>, ids: ReadonlySet<string>) {
  let { upload, download, writtenOff } = past;
  for (const meter of meters.values()) {
    if (!ids.has(meter.subscriptionId)) continue;
    upload += meter.upload;
    download += meter.download;
  }
  for (const id of ids) writtenOff += accounts.get(id)?.writtenOff ?? 0n;
  return { upload, download, writtenOff };
}

function forget(memory: Memory, ids: ReadonlySet<string>, deviceIds: ReadonlySet<string>): void {
  const { members, used, activity, endsAt, throttled, levels, wantingSince, owing, lastArmed } = memory;
  for (const id of ids) {
    for (const known of [members, used, activity, endsAt, levels, wantingSince, lastArmed]) known.delete(id);
    for (const known of [throttled, owing, memory.unsettled, memory.again]) known.delete(id);
  }
  for (const id of deviceIds) {
    for (const known of [memory.traffic, memory.refused]) known.delete(id);
    for (const known of [memory.risen, memory.broken, memory.missing]) known.delete(id);
  }
}
