import type { GateModel } from '../gate/model.ts';
import { type Activity, quiet } from '../grants/activity.ts';
import type { JournalState } from '../journal/state.ts';
import { usedBytes } from '../meter/meter.ts';
import type { Traffic } from '../presence/traffic.ts';
import { type HeldLevel, newTempo, type Tempo } from '../speed/tempo.ts';
import type { KnownPeer } from './peers.ts';

/**
 * What the loop knows beyond the journal: the kernel as it was last seen or changed, and what traffic did lately. All
 * of it can be found again after a restart. Times are monotonic milliseconds.
 */
export interface Memory {
  gate: GateModel;
  /** The device of each address that has elements in the kernel. */
  owners: Map<string, string>;
  /** What quota objects may still pass, as of the last reading or arming. */
  readonly remaining: Map<string, bigint>;
  /** What WireGuard holds, by public key. */
  peers: Map<string, KnownPeer>;
  /** By public key: since when a peer that WireGuard holds is not wanted any more. */
  lingering: Map<string, number>;
  /** Devices of each subscription, desired or in the gate. */
  readonly members: Map<string, Set<string>>;
  /** Bytes used of each subscription in its current period: the sum of its devices' totals. */
  readonly used: Map<string, bigint>;
  readonly activity: Map<string, Activity>;
  /** What the gate accepted of each device lately. */
  readonly traffic: Map<string, Traffic>;
  /** Devices that became active in the last reading. */
  readonly risen: Set<string>;
  /** When subscriptions end; absent: never. Must be known before the first decision after a start. */
  readonly endsAt: Map<string, number>;
  /** Subscriptions whose volume has ended and which go on at their slower speed. */
  readonly throttled: Set<string>;
  readonly tempo: Tempo;
  /** What each device of a subscription may have at most of a speed that they share, while they contend for it. */
  readonly levels: Map<string, HeldLevel>;
  readonly wantingSince: Map<string, number>;
  readonly owing: Set<string>;
  readonly lastArmed: Map<string, Armed>;
  /** Subscriptions whose part of the gate changed after the last reading. */
  readonly unsettled: Set<string>;
  /** To be decided again at once, after a reading. */
  readonly again: Set<string>;
  /** Devices with part of their counters gone: closed, read and made anew. */
  readonly broken: Set<string>;
  /** Devices that missed a counter in the last reading. */
  readonly missing: Set<string>;
  /** Devices that cannot be applied, and why; until the controller says something else of them. */
  readonly refused: Map<string, string>;
  /** All that is desired was checked for conflicts since the start. */
  checked: boolean;
  /** Counts what is armed, for names that were never used. */
  sequence: number;
  lastReadingAt: number | undefined;
  /** When something changes by itself next, by the controller's clock; never later than that. */
  nextMoment: number;
  /** When the counters of an epoch were found destroyed; long ago when they never were. */
  lossAt: number;
}

/** What was armed last for a subscription. */
export interface Armed {
  readonly bytes: bigint;
  /** The usage then. */
  readonly used: bigint;
  /** It was exhausted without letting anything pass. */
  readonly futile: boolean;
}

export const emptyGate: GateModel = { devices: new Map(), quotas: new Map(), limits: new Map() };

export function newMemory(state: JournalState): Memory {
  const memory: Memory = {
    gate: emptyGate,
    owners: new Map(),
    remaining: new Map(),
    peers: new Map(),
    lingering: new Map(),
    members: new Map(),
    used: new Map(),
    activity: new Map(),
    traffic: new Map(),
    risen: new Set(),
    endsAt: new Map(),
    throttled: new Set(),
    tempo: newTempo(),
    levels: new Map(),
    wantingSince: new Map(),
    owing: new Set(),
    lastArmed: new Map(),
    unsettled: new Set(),
    again: new Set(),
    broken: new Set(),
    missing: new Set(),
    refused: new Map(),
    checked: false,
    sequence: 0,
    lastReadingAt: undefined,
    nextMoment: Number.NEGATIVE_INFINITY,
    lossAt: Number.NEGATIVE_INFINITY,
  };
  for (const meter of state.meters.values()) {
    const { subscriptionId } = meter;
    if (meter.period === state.accounts.get(subscriptionId)?.period) {
      addUsed(memory, subscriptionId, usedBytes(meter));
    }
    if (meter.counted.length > 0) addMember(memory, meter.subscriptionId, meter.deviceId);
  }
  for (const device of state.devices.values()) addMember(memory, device.subscriptionId, device.id);
  return memory;
}

export function addMember(memory: Memory, subscriptionId: string, deviceId: string): void {
  const members = memory.members.get(subscriptionId);
  if (members) members.add(deviceId);
  else memory.members.set(subscriptionId, new Set([deviceId]));
}

export function addUsed(memory: Memory, subscriptionId: string, bytes: bigint): void {
  memory.used.set(subscriptionId, (memory.used.get(subscriptionId) ?? 0n) + bytes);
}

export function activityOf(memory: Memory, subscriptionId: string): Activity {
  return memory.activity.get(subscriptionId) ?? quiet;
}

/** Called once a change of the gate is in force. */
export function replaceGate(memory: Memory, gate: GateModel): void {
  for (const [id, device] of memory.gate.devices) {
    if (gate.devices.get(id) === device) continue;
    for (const address of [device.address4, device.address6]) memory.owners.delete(address);
  }
  for (const [id, device] of gate.devices) {
    if (memory.gate.devices.get(id) === device) continue;
    for (const address of [device.address4, device.address6]) memory.owners.set(address, id);
  }
  for (const [name, { bytes }] of gate.quotas) {
    if (!memory.gate.quotas.has(name)) memory.remaining.set(name, bytes);
  }
  for (const name of memory.remaining.keys()) {
    if (!gate.quotas.has(name)) memory.remaining.delete(name);
  }
  memory.gate = gate;
}
