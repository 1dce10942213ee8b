import { TurnpikeError } from '../../common/errors.ts';
import { type Change, inOrder } from './change.ts';
import type { GateDevice, GateModel, GateSpeed, Pass } from './model.ts';
import { speedKeys } from './names.ts';

/**
 * What turns `from` into `to`, at the monotonic time `now`.
 * @throws TurnpikeError `internal` when `to` breaks a rule of the model
 */
export function planChanges(from: GateModel, to: GateModel, now: number): readonly Change[] {
  const changes = [...planObjects(from, to)];
  let newcomers = false;
  for (const [id, device] of from.devices) {
    const next = to.devices.get(id);
    // Most devices do not change in a tick: the same object, or one that equals it.
    if (next === device) continue;
    changes.push(...leave(device.address4, device, next?.address4 === device.address4 ? next : undefined));
    changes.push(...leave(device.address6, device, next?.address6 === device.address6 ? next : undefined));
  }
  for (const [id, device] of to.devices) {
    const old = from.devices.get(id);
    if (old === device) continue;
    refuseDangling(id, device, to);
    const old4 = old?.address4 === device.address4 ? old : undefined;
    const old6 = old?.address6 === device.address6 ? old : undefined;
    for (const before of [old4, old6]) if (before) refuseStretched(id, before, device);
    changes.push(...enter(device.address4, device, old4, now), ...enter(device.address6, device, old6, now));
    newcomers ||= old4 === undefined || old6 === undefined;
  }
  if (newcomers) refuseShared(to);
  return inOrder(changes);
}

function planObjects(from: GateModel, to: GateModel): Change[] {
  const changes: Change[] = [];
  for (const [quota, { bytes }] of to.quotas) {
    const old = from.quotas.get(quota);
    if (old === undefined) changes.push({ kind: 'arm', quota, bytes });
    else if (old.bytes !== bytes) throw new TurnpikeError('internal', `quota ${quota} would change in place`);
  }
  for (const quota of from.quotas.keys()) {
    if (!to.quotas.has(quota)) changes.push({ kind: 'disarm', quota });
  }
  for (const [limit, { bytesPerSecond }] of to.limits) {
    const old = from.limits.get(limit);
    if (old === undefined) changes.push({ kind: 'limit', limit, bytesPerSecond });
    else if (old.bytesPerSecond !== bytesPerSecond) {
      throw new TurnpikeError('internal', `limit ${limit} would change in place`);
    }
  }
  for (const limit of from.limits.keys()) {
    if (!to.limits.has(limit)) changes.push({ kind: 'unlimit', limit });
  }
  return changes;
}

/** What goes of an address. `next`: what becomes of its device, when it keeps the address. */
function leave(address: string, device: GateDevice, next: GateDevice | undefined): Change[] {
  const changes: Change[] = [];
  const stays = next !== undefined && sameWay(device, next);
  if (!stays && device.pass.kind !== 'closed') changes.push({ kind: 'expel', address, pass: device.pass });
  const speed = missingIn(device.speed, next?.speed);
  if (speed) changes.push({ kind: 'unpace', address, speed });
  if (next === undefined) changes.push({ kind: 'forget', address });
  if (device.unheard === true && next?.unheard !== true) changes.push({ kind: 'hear', address });
  return changes;
}

/** What comes to an address. `old`: what its device was, when it had the address. */
function enter(address: string, device: GateDevice, old: GateDevice | undefined, now: number): Change[] {
  const changes: Change[] = [];
  const { pass, endsAt } = device;
  if (old === undefined) changes.push({ kind: 'count', address });
  if (device.unheard === true && old?.unheard !== true) changes.push({ kind: 'mark', address });
  const speed = missingIn(device.speed, old?.speed);
  if (speed) changes.push({ kind: 'pace', address, speed });
  const stayed = old !== undefined && sameWay(old, device);
  if (!stayed && pass.kind !== 'closed' && !hasEnded(device, now)) {
    changes.push({ kind: 'admit', address, pass, endsAt });
  }
  return changes;
}

/** What gives all grant elements their full time again, at the monotonic time `now`. */
export function planRenewal(model: GateModel, now: number): readonly Change[] {
  const granted = [...model.devices.values()].flatMap((device) => {
    const { pass, address4, address6, endsAt } = device;
    if (pass.kind !== 'quota' || hasEnded(device, now)) return [];
    return [address4, address6].map((address) => ({ address, pass, endsAt }));
  });
  return [
    ...granted.map(({ address, pass }) => ({ kind: 'expel' as const, address, pass })),
    ...granted.map((entry) => ({ kind: 'admit' as const, ...entry })),
  ];
}

/** The limits of `speed` that `other` does not have in the same place; undefined for none. */
function missingIn(speed: GateSpeed | undefined, other: GateSpeed | undefined): GateSpeed | undefined {
  if (speed === undefined || speed === other) return undefined;
  const missing = speedKeys.filter((key) => speed[key] !== undefined && speed[key] !== other?.[key]);
  return missing.length === 0 ? undefined : Object.fromEntries(missing.map((key) => [key, speed[key]]));
}

function hasEnded({ endsAt }: GateDevice, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}

function sameWay(left: GateDevice, right: GateDevice): boolean {
  return samePass(left.pass, right.pass) && (left.endsAt === right.endsAt || left.pass.kind === 'closed');
}

function samePass(left: Pass, right: Pass): boolean {
  if (left.kind === 'allowance' && right.kind === 'allowance') return left.generation === right.generation;
  if (left.kind === 'quota' && right.kind === 'quota') return left.quota === right.quota;
  return left.kind === right.kind;
}

function refuseDangling(id: string, { pass, speed }: GateDevice, { quotas, limits }: GateModel): void {
  if (pass.kind === 'quota' && !quotas.has(pass.quota)) {
    throw new TurnpikeError('internal', `device ${id} is on quota ${pass.quota}, which does not exist`);
  }
  for (const key of speedKeys) {
    const limit = speed?.[key];
    if (limit === undefined || limits.has(limit)) continue;
    throw new TurnpikeError('internal', `device ${id} is on limit ${limit}, which does not exist`);
  }
}

// An element with another end is another element, and that of an allowance would have its quota anew.
function refuseStretched(id: string, before: GateDevice, after: GateDevice): void {
  if (before.pass.kind !== 'allowance' || !samePass(before.pass, after.pass)) return;
  if (before.endsAt === after.endsAt) return;
  throw new TurnpikeError('internal', `the allowance of device ${id} would get another end in place`);
}

// Two devices with one address would share its counters, and the first to go would take them along.
function refuseShared(model: GateModel): void {
  const owner = new Map<string, string>();
  for (const [id, { address4, address6 }] of model.devices) {
    for (const address of [address4, address6]) {
      const other = owner.get(address);
      if (other !== undefined) {
        throw new TurnpikeError('internal', `devices ${other} and ${id} have the same address ${address}`);
      }
      owner.set(address, id);
    }
  }
}
