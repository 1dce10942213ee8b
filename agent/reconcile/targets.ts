import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import type { GateDevice, GateLimit, GateModel, GateQuota, GateSpeed, Pass } from '../gate/model.ts';
import { speedKeys } from '../gate/names.ts';
import type { Account } from '../grants/account.ts';
import { decide, decideRemoved } from '../grants/decide.ts';
import { waryMs } from '../grants/figures.ts';
import type { Decision, Live, Situation, Target } from '../grants/situation.ts';
import { startCounting, stopCounting } from '../meter/meter.ts';
import type { Limits } from '../speed/limits.ts';
import type { Draft } from './draft.ts';
import { hasEnded, sameEnd } from './ends.ts';
import { activityOf, addMember, type Memory } from './memory.ts';
import { liveOf } from './reading.ts';
import { limitNames } from './restrict.ts';
import { wantedLimits } from './speeds.ts';
import { meterInPeriod } from './turn.ts';

export interface Targets {
  readonly gate: GateModel;
  /** Subscriptions that changed in the gate. */
  readonly changed: ReadonlySet<string>;
  /** Subscriptions that want a grant, of those that were decided on. */
  readonly wanting: ReadonlySet<string>;
  /** Devices that wait until another has left their address. */
  readonly deferred: ReadonlySet<string>;
}

interface Moment {
  readonly now: number;
  readonly valid: boolean;
  readonly refused: boolean;
  /** The controller was heard lately enough for devices with a free seat to pass. */
  readonly patient: boolean;
  /** Subscriptions whose period is over, but that must be closed and read before the next one begins. */
  readonly turning: ReadonlySet<string>;
}

/** Decides on these subscriptions, and says what the gate should hold then. Raises accounts and starts meters. */
export function planTargets(
  draft: Draft,
  memory: Memory,
  subscriptions: ReadonlySet<string>,
  moment: Moment,
): Targets {
  const plan = new TargetPlan(draft, memory, moment);
  const wanting = new Set<string>();
  // Leavers of all subscriptions first: their addresses may be wanted by another's device.
  for (const id of subscriptions) plan.dismiss(id);
  for (const id of subscriptions) {
    const { target, wants } = decideOne(draft, memory, id, moment);
    if (wants) wanting.add(id);
    plan.admit(id, target, wantedLimits(draft, memory, id));
  }
  return { gate: plan.gate, changed: plan.changed, wanting, deferred: plan.deferred };
}

function decideOne(
  draft: Draft,
  memory: Memory,
  id: string,
  moment: Moment,
): { target: Target; wants: boolean } {
  const { now, valid, refused, turning } = moment;
  const account = draft.account(id);
  const desired = desiredNow(draft, id, account);
  const live = liveOf(memory, id);
  const settled = !memory.unsettled.has(id) && memory.lastReadingAt !== undefined;
  if (desired === undefined) {
    const removed = decideRemoved(account, live.kind !== 'nothing', settled);
    draft.putAccount(removed.account);
    if (removed.again) memory.again.add(id);
    memory.throttled.delete(id);
    return { target: { kind: 'closed' }, wants: false };
  }
  const activity = activityOf(memory, id);
  const wantedAt = memory.wantingSince.get(id);
  const used = draft.used(id);
  const situation: Situation = {
    account,
    used,
    desired,
    openDevices: openDevices(draft, memory, id, moment),
    live,
    settled,
    bytesPerSecond: activity.bytesPerSecond,
    quietMs: now - activity.stirredAt,
    unrefusedMs: now - activity.knockedAt,
    wantingMs: wantedAt === undefined ? 0 : now - wantedAt,
    owing: memory.owing.has(id),
    futileBytes: futileBytes(memory, account, live, used, settled),
    wary: now - memory.lossAt < waryMs,
    turning: turning.has(id),
    valid,
    refused,
  };
  const decision = decide(situation);
  remember(memory, id, decision, used, now);
  draft.putAccount(decision.account);
  return { target: decision.target, wants: decision.wanting };
}

/** What is desired, in the words of the period that the account is in: a recall is of one period. */
function desiredNow(draft: Draft, id: string, { period }: Account): DesiredSubscription | undefined {
  const item = draft.subscription(id);
  return item === undefined || item.period === period ? item : { ...item, recall: 0 };
}

/** What was armed last, when it was exhausted by packets of which it could let none pass. */
function futileBytes(
  memory: Memory,
  { subscriptionId: id, disturbed }: Account,
  live: Live,
  used: bigint,
  settled: boolean,
): bigint {
  // A counter was lost: what the object let pass is not known.
  if (disturbed) memory.lastArmed.delete(id);
  const armed = memory.lastArmed.get(id);
  if (armed === undefined || armed.used !== used) return 0n;
  if (settled && live.kind === 'quota' && live.remaining === 0n)
    memory.lastArmed.set(id, { ...armed, futile: true });
  return memory.lastArmed.get(id)?.futile === true ? armed.bytes : 0n;
}

function remember(memory: Memory, id: string, decision: Decision, used: bigint, now: number): void {
  if (decision.again) memory.again.add(id);
  if (decision.rest) memory.activity.delete(id);
  if (decision.owing) memory.owing.add(id);
  else memory.owing.delete(id);
  if (!decision.wanting) memory.wantingSince.delete(id);
  else if (!memory.wantingSince.has(id)) memory.wantingSince.set(id, now);
  const { target } = decision;
  if (target.kind === 'throttled') memory.throttled.add(id);
  else memory.throttled.delete(id);
  if (target.kind === 'quota' && target.bytes !== undefined) {
    memory.lastArmed.set(id, { bytes: target.bytes, used, futile: false });
  }
}

function openDevices(draft: Draft, memory: Memory, subscriptionId: string, moment: Moment): Set<string> {
  const open = new Set<string>();
  for (const id of memory.members.get(subscriptionId) ?? []) {
    const device = wanted(draft, memory, id);
    if (device && mayPass(memory, device, moment) && !isLeaving(memory, device, id)) open.add(id);
  }
  return open;
}

/** As far as the subscription's bytes go. */
function mayPass(memory: Memory, device: DesiredDevice, { now, patient }: Moment): boolean {
  if (hasEnded(memory.endsAt.get(device.subscriptionId), now)) return false;
  return device.access === 'open' && (device.seat !== 'free' || patient);
}

/** The device as it should be in the gate, or undefined when it should not. */
function wanted(draft: Draft, memory: Memory, id: string): DesiredDevice | undefined {
  return memory.refused.has(id) ? undefined : draft.device(id);
}

/** In the gate, but not as it is there now: its elements go before new ones come. */
function isLeaving(memory: Memory, device: DesiredDevice | undefined, id: string): boolean {
  const present = memory.gate.devices.get(id);
  if (present === undefined) return false;
  if (device === undefined || memory.broken.has(id)) return true;
  return present.address4 !== device.address4 || present.address6 !== device.address6;
}

class TargetPlan {
  readonly #draft: Draft;
  readonly #memory: Memory;
  readonly #moment: Moment;
  readonly #devices: Map<string, GateDevice>;
  readonly #quotas: Map<string, GateQuota>;
  readonly #limits: Map<string, GateLimit>;
  readonly #freed = new Set<string>();
  readonly #taken = new Set<string>();
  readonly changed = new Set<string>();
  readonly deferred = new Set<string>();

  constructor(draft: Draft, memory: Memory, moment: Moment) {
    this.#draft = draft;
    this.#memory = memory;
    this.#moment = moment;
    this.#devices = new Map(memory.gate.devices);
    this.#quotas = new Map(memory.gate.quotas);
    this.#limits = new Map(memory.gate.limits);
  }

  get gate(): GateModel {
    if (this.changed.size === 0) return this.#memory.gate;
    return { devices: this.#devices, quotas: this.#quotas, limits: this.#limits };
  }

  /** Devices that leave are closed, read, journalled, and only then lose their counters. */
  dismiss(subscriptionId: string): void {
    for (const id of this.#memory.members.get(subscriptionId) ?? []) {
      const present = this.#memory.gate.devices.get(id);
      const device = wanted(this.#draft, this.#memory, id);
      if (present === undefined) {
        if (device === undefined) this.#memory.members.get(subscriptionId)?.delete(id);
        continue;
      }
      if (!isLeaving(this.#memory, device, id)) continue;
      if (present.pass.kind !== 'closed') {
        this.#set(subscriptionId, id, { ...present, pass: { kind: 'closed' } });
        this.#memory.again.add(subscriptionId);
      } else if (this.#memory.unsettled.has(subscriptionId)) {
        this.#memory.again.add(subscriptionId);
      } else {
        this.#forget(subscriptionId, id, present);
      }
    }
  }

  admit(subscriptionId: string, target: Target, limits: Limits): void {
    const before = this.#quotasOf(subscriptionId, this.#memory.gate.devices);
    const slowedBefore = this.#limitsOf(subscriptionId, this.#memory.gate.devices);
    const pool = this.#poolFor(subscriptionId, limits);
    const quota = target.kind === 'quota' ? this.#quotaFor(subscriptionId, target.bytes, before) : '';
    const wantedEnd = this.#memory.endsAt.get(subscriptionId);
    for (const id of this.#memory.members.get(subscriptionId) ?? []) {
      const device = wanted(this.#draft, this.#memory, id);
      const present = this.#devices.get(id);
      if (device === undefined || isLeaving(this.#memory, device, id)) continue;
      const endsAt =
        present && sameEnd(present.endsAt, wantedEnd, this.#moment.now) ? present.endsAt : wantedEnd;
      const open = mayPass(this.#memory, device, this.#moment);
      const pass = open ? this.#passFor(subscriptionId, id, target, quota, endsAt) : closed;
      // On its allowance a device is not slowed down: that is 256 KiB at most, and an object for each would be dear.
      const slowed = pass.kind === 'quota' || pass.kind === 'unlimited';
      const speed = slowed ? this.#speedFor(subscriptionId, present?.speed, limits, pool) : undefined;
      if (present === undefined) this.#enter(subscriptionId, device, pass, speed);
      else if (
        !samePass(present.pass, pass) ||
        !sameSpeed(present.speed, speed) ||
        (pass.kind !== 'closed' && present.endsAt !== endsAt)
      ) {
        this.#set(subscriptionId, id, { ...present, pass, endsAt, speed });
      }
    }
    const slowedAfter = this.#limitsOf(subscriptionId, this.#devices);
    for (const name of [...slowedBefore, ...limitNames(pool)]) {
      if (!slowedAfter.has(name)) this.#limits.delete(name);
    }
    const after = this.#quotasOf(subscriptionId, this.#devices);
    for (const name of [...before, quota]) if (!after.has(name)) this.#quotas.delete(name);
  }

  #passFor(
    subscriptionId: string,
    id: string,
    target: Target,
    quota: string,
    endsAt: number | undefined,
  ): Pass {
    const present = this.#devices.get(id);
    switch (target.kind) {
      case 'closed':
      case 'unlimited':
        return { kind: target.kind };
      case 'throttled':
        return { kind: 'unlimited' };
      case 'quota':
        return { kind: 'quota', quota };
      case 'allowance':
        if (!target.devices.has(id)) return closed;
        if (present?.pass.kind === 'allowance') {
          if (present.endsAt === endsAt) return present.pass;
          // With another end it would have its whole quota anew: closed first, read, and then armed afresh.
          this.#memory.again.add(subscriptionId);
          return closed;
        }
        this.#memory.sequence += 1;
        return { kind: 'allowance', generation: this.#memory.sequence };
    }
  }

  /** The limits that all of the subscription's devices share: those that are there, if they are as they should be. */
  #poolFor(subscriptionId: string, { pool }: Limits): GateSpeed {
    const [present = {}] = [...(this.#memory.members.get(subscriptionId) ?? [])].flatMap(
      (id) => this.#devices.get(id)?.speed ?? [],
    );
    const poolUp = this.#limitFor(subscriptionId, present.poolUp, pool.upload);
    const poolDown = this.#limitFor(subscriptionId, present.poolDown, pool.download);
    return { ...(poolUp && { poolUp }), ...(poolDown && { poolDown }) };
  }

  #speedFor(
    subscriptionId: string,
    present: GateSpeed | undefined,
    { pace }: Limits,
    pool: GateSpeed,
  ): GateSpeed | undefined {
    const paceUp = this.#limitFor(subscriptionId, present?.paceUp, pace.upload);
    const paceDown = this.#limitFor(subscriptionId, present?.paceDown, pace.download);
    const speed = { ...pool, ...(paceUp && { paceUp }), ...(paceDown && { paceDown }) };
    return Object.keys(speed).length === 0 ? undefined : speed;
  }

  /** The limit that is there, if it is as wanted; otherwise a fresh one, as they are never changed in place. */
  #limitFor(
    subscriptionId: string,
    present: string | undefined,
    bytesPerSecond: bigint | undefined,
  ): string | undefined {
    if (bytesPerSecond === undefined) return undefined;
    if (present !== undefined && this.#limits.get(present)?.bytesPerSecond === bytesPerSecond) return present;
    this.#memory.sequence += 1;
    const name = `${subscriptionId}_${this.#memory.sequence}`;
    this.#limits.set(name, { bytesPerSecond });
    return name;
  }

  #limitsOf(subscriptionId: string, devices: ReadonlyMap<string, GateDevice>): Set<string> {
    const members = [...(this.#memory.members.get(subscriptionId) ?? [])];
    return new Set(members.flatMap((id) => limitNames(devices.get(id)?.speed)));
  }

  #quotaFor(subscriptionId: string, bytes: bigint | undefined, live: ReadonlySet<string>): string {
    const [first] = live;
    if (bytes === undefined && first !== undefined) return first;
    this.#memory.sequence += 1;
    const name = `${subscriptionId}_${this.#memory.sequence}`;
    this.#quotas.set(name, { bytes: bytes ?? 0n });
    return name;
  }

  #quotasOf(subscriptionId: string, devices: ReadonlyMap<string, GateDevice>): Set<string> {
    const names = new Set<string>();
    for (const id of this.#memory.members.get(subscriptionId) ?? []) {
      const pass = devices.get(id)?.pass;
      if (pass?.kind === 'quota') names.add(pass.quota);
    }
    return names;
  }

  #enter(subscriptionId: string, device: DesiredDevice, pass: Pass, speed: GateSpeed | undefined): void {
    const addresses = [device.address4, device.address6];
    const occupied = addresses.some(
      (address) => this.#taken.has(address) || this.#freed.has(address) || this.#memory.owners.has(address),
    );
    if (occupied) {
      this.deferred.add(device.id);
      this.#memory.again.add(subscriptionId);
      return;
    }
    for (const address of addresses) this.#taken.add(address);
    addMember(this.#memory, subscriptionId, device.id);
    this.#draft.putMeter(startCounting(meterInPeriod(this.#draft, device), addresses));
    this.#set(subscriptionId, device.id, {
      address4: device.address4,
      address6: device.address6,
      pass,
      unheard: this.#memory.peers.get(device.publicKey)?.heard !== true,
      endsAt: this.#memory.endsAt.get(subscriptionId),
      speed,
    });
  }

  #forget(subscriptionId: string, id: string, present: GateDevice): void {
    // Gone from the kernel in this round, free for another device in the next.
    this.#freed.add(present.address4).add(present.address6);
    const meter = this.#draft.meter(id);
    if (meter) this.#draft.putMeter(stopCounting(meter));
    this.#devices.delete(id);
    this.changed.add(subscriptionId);
    this.#memory.again.add(subscriptionId);
  }

  #set(subscriptionId: string, id: string, device: GateDevice): void {
    this.#devices.set(id, device);
    this.changed.add(subscriptionId);
  }
}

function sameSpeed(left: GateSpeed | undefined, right: GateSpeed | undefined): boolean {
  return speedKeys.every((key) => left?.[key] === right?.[key]);
}

const closed: Pass = { kind: 'closed' };

function samePass(left: Pass, right: Pass): boolean {
  if (left.kind === 'allowance' && right.kind === 'allowance') return left.generation === right.generation;
  if (left.kind === 'quota' && right.kind === 'quota') return left.quota === right.quota;
  return left.kind === right.kind;
}
