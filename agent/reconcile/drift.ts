import type { Gate, GateModel } from '../gate/model.ts';
import type { Journal } from '../journal/journal.ts';
import { stopCounting } from '../meter/meter.ts';
import { Draft } from './draft.ts';
import { type Memory, replaceGate } from './memory.ts';
import { describeGateDrift, endUnclear, type ReadBack, readBackGate, strangerPrefix } from './readback.ts';
import { limitNames } from './restrict.ts';

/**
 * Finds out what the gate holds, ends what should not be there, and leaves in memory what is left. Returns a readable
 * line for everything that was not as it was thought to be; devices that are not as they should be are for the round
 * that follows.
 */
export async function readBack(
  journal: Journal,
  memory: Memory,
  gate: Gate,
  { validitySeconds, now }: { readonly validitySeconds: number; readonly now: number },
): Promise<string[]> {
  const adopting = memory.gate.devices.size === 0;
  const owners = [...journal.state.meters.values()].filter(({ counted }) => counted.length > 0);
  const observed = await gate.observe();
  const found = readBackGate(
    observed,
    owners.map(({ deviceId, counted }) => ({
      id: deviceId,
      addresses: counted.map(({ address }) => address),
    })),
    memory.gate,
    now,
  );
  for (const name of [...observed.quotas.keys(), ...observed.limits.keys()]) {
    memory.sequence = Math.max(memory.sequence, Number(/_(\d+)$/.exec(name)?.[1] ?? 0));
  }
  const absent = noteBroken(journal, memory, found);
  const lines = adopting
    ? describeAdoption(found, absent, now)
    : describeGateDrift(memory.gate, without(found, absent), now);
  for (const { from, to } of endUnclear(found)) await gate.apply(from, to, validitySeconds);
  const model = without(found, absent).gate;
  const clean = withoutForeign(model);
  await gate.apply(model, clean, validitySeconds);
  replaceGate(memory, clean);
  for (const id of journal.state.accounts.keys()) memory.unsettled.add(id);
  return lines;
}

/**
 * Marks devices whose counters are gone, as what they held since the last reading is unknown. But a device that
 * never counted, while a change was cut short, simply was not added: returned, not marked.
 */
function noteBroken(journal: Journal, memory: Memory, found: ReadBack): Set<string> {
  const draft = new Draft(journal.state, memory);
  const absent = new Set<string>();
  for (const id of found.broken) {
    const meter = draft.meter(id);
    if (meter === undefined) continue;
    const untouched = meter.counted.every(({ upload, download }) => upload === 0n && download === 0n);
    if (journal.state.applying && untouched) {
      draft.putMeter(stopCounting(meter));
      absent.add(id);
      continue;
    }
    memory.broken.add(id);
    memory.again.add(meter.subscriptionId);
    draft.putAccount({ ...draft.account(meter.subscriptionId), disturbed: true });
  }
  if (!draft.isEmpty) journal.commit(draft.change());
  return absent;
}

function without(found: ReadBack, absent: ReadonlySet<string>): ReadBack {
  const devices = new Map([...found.gate.devices].filter(([id]) => !absent.has(id)));
  return { ...found, gate: { ...found.gate, devices } };
}

/** Without elements that are of no device, and without objects that nothing points to. */
function withoutForeign({ devices, quotas, limits }: GateModel): GateModel {
  const own = new Map([...devices].filter(([id]) => !id.startsWith(strangerPrefix)));
  const used = new Set([...own.values()].flatMap(({ pass }) => (pass.kind === 'quota' ? [pass.quota] : [])));
  const slowing = new Set([...own.values()].flatMap(({ speed }) => limitNames(speed)));
  return {
    devices: own,
    quotas: new Map([...quotas].filter(([name]) => used.has(name))),
    limits: new Map([...limits].filter(([name]) => slowing.has(name))),
  };
}

function describeAdoption(found: ReadBack, absent: ReadonlySet<string>, now: number): string[] {
  return describeGateDrift(found.gate, { ...without(found, absent), unclear: found.unclear }, now);
}
