import type { Gate, GateFrame } from '../gate/model.ts';
import { writeOff } from '../grants/account.ts';
import type { Journal } from '../journal/journal.ts';
import { stopCounting } from '../meter/meter.ts';
import { Draft } from './draft.ts';
import { emptyGate, type Memory, replaceGate } from './memory.ts';

/**
 * The counters are gone, or not the ones that the journal is tied to: writes off what may have passed since the last
 * reading, and makes a new table in which everything is closed. Cut short anywhere, it comes out the same when it is
 * done again: what is written off is not armed any more. Returns the draft that was committed.
 */
export async function openEpoch(
  journal: Journal,
  memory: Memory,
  gate: Gate,
  frame: GateFrame,
  now: () => number,
): Promise<Draft> {
  if (journal.state.epoch !== undefined) memory.lossAt = now();
  const draft = new Draft(journal.state, memory);
  for (const account of journal.state.accounts.values()) {
    draft.putAccount(writeOff(account, draft.used(account.subscriptionId)));
  }
  for (const meter of journal.state.meters.values()) {
    if (meter.counted.length > 0) draft.putMeter(stopCounting(meter));
  }
  journal.commit({ ...draft.change(), epoch: null });
  replaceGate(memory, emptyGate);
  for (const noted of [memory.broken, memory.missing, memory.unsettled, memory.again]) noted.clear();
  memory.lastArmed.clear();
  const epoch = await gate.create(frame);
  journal.commit({ epoch });
  memory.lastReadingAt = now();
  return draft;
}
