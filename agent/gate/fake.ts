import { allowancePerAddress } from '../../common/allowance.ts';
import type { Clock } from '../../common/clock.ts';
import { CommandError } from '../../common/command.ts';
import type { Change, OpenPass } from './change.ts';
import { bellBytes } from './frame.ts';
import type {
  Bell,
  Epoch,
  Gate,
  GateEvent,
  GateFrame,
  GateModel,
  GateReading,
  GateSpeed,
  ObservedGate,
} from './model.ts';
import { parseAddress, speedKeys } from './names.ts';
import { planChanges, planRenewal } from './plan.ts';
import { burstBytes } from './render.ts';

interface Quota {
  readonly bytes: bigint;
  used: bigint;
  depleted: boolean;
}

/** `until`: monotonic milliseconds; an element that ended is as good as gone. */
interface Grant {
  readonly quota: string;
  readonly until: number;
}

interface Allowance {
  used: bigint;
  readonly until: number;
}

/** A bucket of tokens, in bytes. */
interface Limit {
  readonly bytesPerSecond: number;
  tokens: number;
  at: number;
}

class Table {
  readonly life: string;
  readonly counters = new Map<string, { upload: bigint; download: bigint }>();
  /** Until when. */
  unlimited = new Map<string, number>();
  idle = new Map<string, Allowance>();
  readonly unheard = new Set<string>();
  grants = new Map<string, Grant>();
  readonly quotas = new Map<string, Quota>();
  readonly limits = new Map<string, Limit>();
  /** By address. */
  readonly speeds = new Map<string, GateSpeed>();
  readonly rung = new Set<Bell>();
  /** Bytes that passed on allowances since the bell was reset. */
  arrived = 0n;

  constructor(life: string) {
    this.life = life;
  }
}

export type Direction = 'upload' | 'download';

/**
 * A gate in memory that behaves as the kernel's does (test/contracts/gate.ts runs on both), for tests of what stands
 * above it. Beside the gate's own methods it has those of the world: packets that come, and people with root.
 */
export class FakeGate implements Gate {
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: GateEvent) => void>();
  #table: Table | undefined;
  #lives = 0;
  /** A new boot keeps nothing: set another id and call {@link flush}. */
  bootId = '00000000-0000-4000-8000-000000000001';
  /** What was applied, for tests that ask how much was done. */
  readonly applied: (readonly Change[])[] = [];
  /** When set, the next change of the table fails with it. */
  failNext: Error | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // The world.

  /** A packet of so many bytes comes; whether it passes. */
  carry(direction: Direction, address: string, bytes: bigint): boolean {
    const table = this.#table;
    if (table === undefined) return false;
    if (direction === 'upload') table.unheard.delete(address);
    else if (table.unheard.has(address)) return false;
    const { paceUp, paceDown, poolUp, poolDown } = table.speeds.get(address) ?? {};
    const limits = direction === 'upload' ? [paceUp, poolUp] : [paceDown, poolDown];
    if (!limits.every((name) => this.#within(table, name, Number(bytes)))) return false;
    const counters = table.counters.get(address);
    if (counters === undefined || !this.#passes(table, address, bytes)) {
      if (direction === 'upload') this.#ring(table, 'refusal');
      return false;
    }
    counters[direction] += bytes;
    return true;
  }

  /** Somebody flushes the ruleset. */
  flush(): void {
    this.#table = undefined;
    this.#tell('touched');
  }

  /** Somebody deletes all elements of an address, its counters too. */
  forget(address: string): void {
    const table = this.#table;
    table?.counters.delete(address);
    table?.unlimited.delete(address);
    table?.idle.delete(address);
    table?.unheard.delete(address);
    table?.speeds.delete(address);
    table?.grants.delete(address);
    this.#tell('touched');
  }

  // The gate.

  async epoch(): Promise<Epoch | undefined> {
    return this.#table === undefined ? undefined : { bootId: this.bootId, table: this.#table.life };
  }

  async create(_frame: GateFrame): Promise<Epoch> {
    this.#fail();
    this.#lives += 1;
    this.#table = new Table(`fake${this.#lives}`);
    return { bootId: this.bootId, table: this.#table.life };
  }

  async reframe(_frame: GateFrame): Promise<void> {
    this.#fail();
    this.#table ??= new Table('without a life');
  }

  async observe(): Promise<ObservedGate> {
    const table = this.#need();
    return {
      counted: new Set(table.counters.keys()),
      unlimited: new Set(this.#unlimited(table).map(([address]) => address)),
      allowance: new Set(this.#idle(table).map(([address]) => address)),
      endsIn: this.#endsIn(table),
      limits: new Map(
        [...table.limits].map(([name, { bytesPerSecond }]) => [
          name,
          { bytesPerSecond: BigInt(bytesPerSecond) },
        ]),
      ),
      speedOf: new Map(table.speeds),
      unheard: new Set(table.unheard),
      quotaOf: new Map(this.#grants(table).map(([address, { quota }]) => [address, quota])),
      quotas: new Map([...table.quotas].map(([name, { bytes }]) => [name, { bytes }])),
    };
  }

  async apply(from: GateModel, to: GateModel, validitySeconds: number): Promise<void> {
    this.#change(planChanges(from, to, this.#clock.monotonic()), validitySeconds);
  }

  async renew(model: GateModel, validitySeconds: number): Promise<void> {
    this.#change(planRenewal(model, this.#clock.monotonic()), validitySeconds);
  }

  async read(signal?: AbortSignal): Promise<GateReading | undefined> {
    signal?.throwIfAborted();
    const table = this.#table;
    if (table === undefined) return undefined;
    return {
      epoch: { bootId: this.bootId, table: table.life },
      quotaRemaining: new Map([...table.quotas].map(([name, { bytes, used }]) => [name, bytes - used])),
      counters: new Map([...table.counters].map(([address, counters]) => [address, { ...counters }])),
    };
  }

  async remove(): Promise<void> {
    this.#fail();
    this.#table = undefined;
  }

  async resetBell(bell: Bell): Promise<void> {
    const table = this.#need();
    table.rung.delete(bell);
    if (bell === 'arrival') table.arrived = 0n;
  }

  watch(onEvent: (event: GateEvent) => void): { readonly ended: Promise<void>; stop(): void } {
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    this.#listeners.add(onEvent);
    const stop = () => {
      this.#listeners.delete(onEvent);
      resolve();
    };
    return { ended, stop };
  }

  #passes(table: Table, address: string, bytes: bigint): boolean {
    const now = this.#clock.monotonic();
    if ((table.unlimited.get(address) ?? now) > now) return true;
    const grant = table.grants.get(address);
    const quota = grant && grant.until > now ? table.quotas.get(grant.quota) : undefined;
    if (grant !== undefined && quota !== undefined) {
      if (quota.used + bytes <= quota.bytes) {
        quota.used += bytes;
        return true;
      }
      // As in the kernel, what is dropped goes on consuming.
      quota.used = quota.bytes;
      if (!quota.depleted) this.#tell({ exhausted: grant.quota });
      quota.depleted = true;
    }
    const allowance = table.idle.get(address);
    if (allowance === undefined || allowance.until <= now) return false;
    allowance.used += bytes;
    if (allowance.used > allowancePerAddress) return false;
    table.arrived += bytes;
    if (table.arrived > bellBytes.arrival) this.#ring(table, 'arrival');
    return true;
  }

  #within(table: Table, name: string | undefined, bytes: number): boolean {
    const limit = name === undefined ? undefined : table.limits.get(name);
    if (limit === undefined) return true;
    const now = this.#clock.monotonic();
    const { bytesPerSecond } = limit;
    const refilled = limit.tokens + ((now - limit.at) / 1000) * bytesPerSecond;
    limit.tokens = Math.min(bytesPerSecond + burstBytes, refilled);
    limit.at = now;
    if (limit.tokens < bytes) return false;
    limit.tokens -= bytes;
    return true;
  }

  #grants(table: Table): [string, Grant][] {
    return [...table.grants].filter(([, { until }]) => until > this.#clock.monotonic());
  }

  #idle(table: Table): [string, Allowance][] {
    return [...table.idle].filter(([, { until }]) => until > this.#clock.monotonic());
  }

  #unlimited(table: Table): [string, number][] {
    return [...table.unlimited].filter(([, until]) => until > this.#clock.monotonic());
  }

  #endsIn(table: Table): Map<string, number> {
    const idle = this.#idle(table).map(([address, { until }]) => [address, until] as const);
    return new Map(
      [...this.#unlimited(table), ...idle]
        .filter(([, until]) => until !== Number.POSITIVE_INFINITY)
        .map(([address, until]) => [address, Math.floor((until - this.#clock.monotonic()) / 1000)]),
    );
  }

  // Changes a copy and puts it in place: a transaction that fails has done nothing.
  #change(changes: readonly Change[], validitySeconds: number): void {
    if (changes.length === 0) return;
    this.#fail();
    const next = structuredClone(this.#need());
    next.grants = new Map(this.#grants(next));
    next.idle = new Map(this.#idle(next));
    next.unlimited = new Map(this.#unlimited(next));
    const now = this.#clock.monotonic();
    for (const change of changes) apply(next, change, now, now + validitySeconds * 1000);
    this.applied.push(changes);
    this.#table = next;
  }

  #need(): Table {
    if (this.#table === undefined) throw new CommandError('nft', 1, 'failed with status 1', missing);
    return this.#table;
  }

  #fail(): void {
    const error = this.failNext;
    this.failNext = undefined;
    if (error !== undefined) throw error;
  }

  #ring(table: Table, bell: Bell): void {
    if (table.rung.has(bell)) return;
    table.rung.add(bell);
    this.#tell(bell);
  }

  #tell(event: GateEvent): void {
    for (const listener of this.#listeners) this.#clock.after(1, () => listener(event));
  }
}

const missing = 'Error: No such file or directory';

function apply(table: Table, change: Change, now: number, until: number): void {
  switch (change.kind) {
    case 'arm':
      table.quotas.set(change.quota, { bytes: change.bytes, used: 0n, depleted: false });
      break;
    case 'disarm':
      if (!table.quotas.delete(change.quota)) {
        throw new CommandError('nft', 1, 'failed with status 1', missing);
      }
      break;
    case 'count': {
      const { address } = parseAddress(change.address);
      if (!table.counters.has(address)) table.counters.set(address, { upload: 0n, download: 0n });
      break;
    }
    case 'forget':
      table.counters.delete(change.address);
      break;
    case 'limit': {
      const bytesPerSecond = Number(change.bytesPerSecond);
      table.limits.set(change.limit, { bytesPerSecond, tokens: bytesPerSecond + burstBytes, at: now });
      break;
    }
    case 'unlimit':
      if (!table.limits.delete(change.limit))
        throw new CommandError('nft', 1, 'failed with status 1', missing);
      break;
    case 'pace':
      pace(table, change.address, change.speed);
      break;
    case 'unpace': {
      pace(table, change.address, change.speed);
      const speed = { ...table.speeds.get(change.address) };
      for (const key of speedKeys) if (change.speed[key] !== undefined) delete speed[key];
      if (Object.keys(speed).length > 0) table.speeds.set(change.address, speed);
      else table.speeds.delete(change.address);
      break;
    }
    case 'mark':
      table.unheard.add(change.address);
      break;
    case 'hear':
      table.unheard.delete(change.address);
      break;
    case 'admit':
      admit(table, change.address, change.pass, until, change.endsAt);
      break;
    case 'expel':
      admit(table, change.address, change.pass, until, undefined);
      if (change.pass.kind === 'unlimited') table.unlimited.delete(change.address);
      if (change.pass.kind === 'allowance') table.idle.delete(change.address);
      if (change.pass.kind === 'quota') table.grants.delete(change.address);
      break;
  }
}

function pace(table: Table, address: string, speed: GateSpeed): void {
  const old = table.speeds.get(address);
  for (const key of speedKeys) {
    const limit = speed[key];
    if (limit === undefined) continue;
    if (!table.limits.has(limit)) throw new CommandError('nft', 1, 'failed with status 1', missing);
    if (old?.[key] !== undefined && old[key] !== limit) {
      throw new CommandError('nft', 1, 'failed with status 1', 'Error: File exists');
    }
  }
  table.speeds.set(address, { ...old, ...speed });
}

function admit(
  table: Table,
  address: string,
  pass: OpenPass,
  until: number,
  endsAt = Number.POSITIVE_INFINITY,
): void {
  switch (pass.kind) {
    case 'unlimited':
      table.unlimited.set(address, endsAt);
      break;
    case 'allowance':
      if (!table.idle.has(address)) table.idle.set(address, { used: 0n, until: endsAt });
      break;
    case 'quota': {
      if (!table.quotas.has(pass.quota)) throw new CommandError('nft', 1, 'failed with status 1', missing);
      const old = table.grants.get(address);
      if (old !== undefined && old.quota !== pass.quota) {
        throw new CommandError('nft', 1, 'failed with status 1', 'Error: File exists');
      }
      table.grants.set(address, { quota: pass.quota, until: Math.min(until, endsAt) });
      break;
    }
  }
}
