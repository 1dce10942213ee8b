import type { OpenPass } from '../gate/change.ts';
import type { GateDevice, GateModel, GateSpeed, ObservedGate, Pass } from '../gate/model.ts';
import { speedKeys } from '../gate/names.ts';
import { hasEnded } from './ends.ts';

/** What the kernel holds, seen as a model. */
export interface ReadBack {
  readonly gate: GateModel;
  /** Devices that passed in more than one way, or on one address only: what is to be ended first. `gate` has them closed. */
  readonly unclear: ReadonlyMap<string, readonly OpenPass[]>;
  /** Addresses that are slowed down otherwise than the device's other address. `gate` has their devices without limits. */
  readonly uneven: ReadonlyMap<string, GateSpeed>;
  /** Devices with part of their counters gone. */
  readonly broken: ReadonlySet<string>;
}

/** Elements that are nobody's, two by two: a device of the gate has two addresses. */
export const strangerPrefix = 'stranger ';

/**
 * Makes a model of what was observed. `owners` are the devices that should have elements there; `before` is what was
 * thought to be there, for what cannot be read back (exactly): the generations of allowances, and ends. `now` is the
 * monotonic time.
 */
export function readBackGate(
  observed: ObservedGate,
  owners: Iterable<{ readonly id: string; readonly addresses: readonly string[] }>,
  before: GateModel,
  now: number,
): ReadBack {
  const devices = new Map<string, GateDevice>();
  const unclear = new Map<string, OpenPass[]>();
  const uneven = new Map<string, GateSpeed>();
  const broken = new Set<string>();
  const known = new Set<string>();
  for (const { id, addresses } of owners) {
    const [address4, address6] = addresses;
    if (address4 === undefined || address6 === undefined) continue;
    for (const address of addresses) known.add(address);
    if (!addresses.every((address) => observed.counted.has(address))) broken.add(id);
    const generation = generationOf(before.devices.get(id)?.pass);
    const ways = addresses.map((address) => waysOf(observed, address, generation));
    const distinct = new Map(ways.flat().map((pass) => [describeWay(pass), pass]));
    const [only] = distinct.values();
    const clear = distinct.size <= 1 && ways.every((way) => way.length === distinct.size);
    const unheard = addresses.some((address) => observed.unheard.has(address));
    const endsAt = before.devices.get(id)?.endsAt ?? endOf(observed, addresses, now);
    const speed = evenSpeed(observed, addresses, uneven);
    const pass = clear && only ? only : ({ kind: 'closed' } as const);
    devices.set(id, { address4, address6, pass, unheard, endsAt, speed });
    if (!clear) unclear.set(id, [...distinct.values()]);
  }
  addStrangers(observed, known, devices, unclear);
  for (const [address, speed] of observed.speedOf) if (!known.has(address)) uneven.set(address, speed);
  return { gate: { devices, quotas: observed.quotas, limits: observed.limits }, unclear, uneven, broken };
}

function evenSpeed(
  { speedOf }: ObservedGate,
  addresses: readonly string[],
  uneven: Map<string, GateSpeed>,
): GateSpeed | undefined {
  const [first, ...others] = addresses.map((address) => speedOf.get(address));
  if (others.every((other) => speedKeys.every((key) => other?.[key] === first?.[key]))) return first;
  for (const address of addresses) {
    const speed = speedOf.get(address);
    if (speed) uneven.set(address, speed);
  }
  return undefined;
}

function addStrangers(
  observed: ObservedGate,
  known: ReadonlySet<string>,
  devices: Map<string, GateDevice>,
  unclear: Map<string, OpenPass[]>,
): void {
  const mentioned = new Set([
    ...observed.counted,
    ...observed.unlimited,
    ...observed.allowance,
    ...observed.quotaOf.keys(),
    ...observed.unheard,
    ...observed.speedOf.keys(),
  ]);
  const strangers = [...mentioned].filter((address) => !known.has(address)).sort();
  for (let index = 0; index < strangers.length; index += 2) {
    const pair = strangers.slice(index, index + 2);
    // An address that no device can have makes up the pair; ending what is not there does nothing.
    const [address4, address6 = '::'] = pair;
    if (address4 === undefined) continue;
    const id = `${strangerPrefix}${address4}`;
    const unheard = pair.some((address) => observed.unheard.has(address));
    devices.set(id, { address4, address6, pass: { kind: 'closed' }, unheard });
    const ways = pair.flatMap((address) => waysOf(observed, address, 0));
    if (ways.length > 0) unclear.set(id, [...new Map(ways.map((way) => [describeWay(way), way])).values()]);
  }
}

function waysOf(observed: ObservedGate, address: string, generation: number): OpenPass[] {
  const ways: OpenPass[] = [];
  if (observed.unlimited.has(address)) ways.push({ kind: 'unlimited' });
  if (observed.allowance.has(address)) ways.push({ kind: 'allowance', generation });
  const quota = observed.quotaOf.get(address);
  if (quota !== undefined) ways.push({ kind: 'quota', quota });
  return ways;
}

function endOf({ endsIn }: ObservedGate, addresses: readonly string[], now: number): number | undefined {
  const [seconds] = addresses.flatMap((address) => endsIn.get(address) ?? []);
  return seconds === undefined ? undefined : now + seconds * 1000;
}

function generationOf(pass: Pass | undefined): number {
  return pass?.kind === 'allowance' ? pass.generation : 0;
}

/** What was found otherwise than it should be, a readable line for each device. */
export function describeGateDrift(before: GateModel, found: ReadBack, now: number): string[] {
  const lines: string[] = [];
  for (const [id, device] of found.gate.devices) {
    const thought = before.devices.get(id);
    // Ended by itself, in one family a moment before the other.
    if (hasEnded(thought?.endsAt, now) && !found.broken.has(id)) continue;
    const ways = found.unclear.get(id)?.map(describeWay).join(' and ');
    if (id.startsWith(strangerPrefix)) lines.push('remove elements that are of no device');
    else if (found.broken.has(id)) lines.push(`count ${id} anew: its counters were gone`);
    else if (ways !== undefined) lines.push(`put ${id} right: it was passing ${ways || 'in part'}`);
    else if (thought && describeWay(thought.pass) !== describeWay(device.pass)) {
      lines.push(`put ${id} right: it was ${describeWay(device.pass)}, not ${describeWay(thought.pass)}`);
    } else if (thought && speedKeys.some((key) => thought.speed?.[key] !== device.speed?.[key])) {
      lines.push(`put ${id} right: its speed was limited otherwise than it should be`);
    }
  }
  for (const name of found.gate.quotas.keys()) {
    if (!before.quotas.has(name)) lines.push(`delete quota ${name}`);
  }
  for (const name of before.quotas.keys()) {
    if (!found.gate.quotas.has(name)) lines.push(`replace quota ${name}: it was gone`);
  }
  return lines;
}

/** Steps that end what is unclear: each brings the kernel from one model to another. */
export function endUnclear(found: ReadBack): { readonly from: GateModel; readonly to: GateModel }[] {
  const steps = new Map<string, { from: Map<string, GateDevice>; to: Map<string, GateDevice> }>();
  for (const [id, ways] of found.unclear) {
    const device = found.gate.devices.get(id);
    if (device === undefined) continue;
    for (const [index, pass] of ways.entries()) {
      const key = `${pass.kind} ${index}`;
      const step = steps.get(key) ?? { from: new Map(), to: new Map() };
      step.from.set(id, { ...device, pass });
      step.to.set(id, { ...device, pass: { kind: 'closed' } });
      steps.set(key, step);
    }
  }
  if (found.uneven.size > 0) steps.set('speed', endUneven(found.uneven));
  const { quotas, limits } = found.gate;
  return [...steps.values()].map(({ from, to }) => ({
    from: { devices: from, quotas, limits },
    to: { devices: to, quotas, limits },
  }));
}

// Each address as a device of its own, beside one that no device can have.
function endUneven(uneven: ReadonlyMap<string, GateSpeed>) {
  const devices = [...uneven].map(([address, speed]): [string, GateDevice] => [
    address,
    { address4: address, address6: '::', pass: { kind: 'closed' }, speed },
  ]);
  const to = devices.map(([id, device]): [string, GateDevice] => [id, { ...device, speed: undefined }]);
  return { from: new Map(devices), to: new Map(to) };
}

function describeWay(pass: Pass): string {
  switch (pass.kind) {
    case 'closed':
    case 'unlimited':
      return pass.kind;
    case 'allowance':
      return 'on its allowance';
    case 'quota':
      return `on quota ${pass.quota}`;
  }
}
