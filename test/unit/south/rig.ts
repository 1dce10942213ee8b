import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { vi } from 'vitest';
import { join as joinController } from '../../../agent/commands/join.ts';
import type { DesiredDelta, DesiredDevice, NodeSettings } from '../../../agent/desired/state.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { DesiredSink, PendingReport, ReportSource } from '../../../agent/south/ports.ts';
import { createSouth as createAgentSouth, type SouthOptions } from '../../../agent/south/south.ts';
import { type Clock, systemClock } from '../../../common/clock.ts';
import { desiredDigest } from '../../../common/desired-digest.ts';
import { DeviceAccess, Seat } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { newId } from '../../../common/ids.ts';
import { type Logger, silentLogger } from '../../../common/log.ts';
import { runTasks, type Task } from '../../../common/task.ts';
import type { Authorities } from '../../../controller/identity/authorities.ts';
import { authorityFiles } from '../../../controller/identity/authority-file.ts';
import { openAuthorities } from '../../../controller/identity/open-authorities.ts';
import type { SouthTiming } from '../../../controller/south/context.ts';
import { createSouth, type SouthLimits } from '../../../controller/south/south.ts';
import type { SouthState } from '../../../controller/south/state.ts';
import { fixedVault } from '../vault.ts';
import { MemoryBooks } from './memory-books.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

/** Waits for a condition; patient, because the machine may be busy with other tests. */
export function until(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}

/** What a test made and must undo, last first. */
export class Cleanup {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }

  async directory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'turnpike-south-'));
    this.add(() => rm(path, { recursive: true, force: true }));
    return path;
  }
}

async function start(tasks: readonly Task[], cleanup: Cleanup): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const done = runTasks(tasks, abort.signal, { log: silentLogger, onReady: resolve });
  const stop = async () => {
    abort.abort();
    await done;
  };
  cleanup.add(stop);
  await Promise.race([ready, done]);
  return stop;
}

export interface Controller {
  readonly books: MemoryBooks;
  readonly authorities: Authorities;
  readonly state: SouthState;
  readonly nodes: string;
  readonly enrolment: string;
  stop(): Promise<void>;
}

export interface ControllerOptions {
  readonly directory?: string;
  readonly books?: MemoryBooks;
  readonly nodesPort?: number | undefined;
  readonly enrolmentPort?: number | undefined;
  readonly timing?: Partial<SouthTiming>;
  readonly limits?: SouthLimits;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly nodeLife?: number;
}

export async function startController(
  cleanup: Cleanup,
  options: ControllerOptions = {},
): Promise<Controller> {
  const directory = options.directory ?? (await cleanup.directory());
  const clock = options.clock ?? systemClock;
  const books = options.books ?? new MemoryBooks();
  const files = authorityFiles(directory, fixedVault);
  const { authorities } = await openAuthorities(files, books.pins, clock, options.nodeLife);
  const { tasks, state } = await createSouth({
    desired: books,
    register: books,
    booking: books,
    identities: books,
    authorities,
    clock,
    log: options.log ?? silentLogger,
    nodesListen: { host: '127.0.0.1', port: options.nodesPort ?? 0 },
    enrolmentListen: { host: '127.0.0.1', port: options.enrolmentPort ?? 0 },
    advertisedHost: '127.0.0.1',
    ...(options.timing && { timing: options.timing }),
    ...(options.limits && { limits: options.limits }),
  });
  const stop = await start(tasks, cleanup);
  return {
    books,
    authorities,
    state,
    nodes: `127.0.0.1:${state.ports.nodes}`,
    enrolment: `127.0.0.1:${state.ports.enrolment}`,
    stop,
  };
}

export const nodeId = newId('nod');
export const inHalfAnHour = () => systemClock.now() + 1_800_000;

export interface JoinOverrides {
  readonly token?: string;
  readonly pin?: string;
  readonly stateDirectory?: string;
  readonly forceNew?: boolean;
  readonly clock?: Clock;
}

export async function joinNode(
  cleanup: Cleanup,
  { books, authorities, enrolment }: Pick<Controller, 'books' | 'authorities' | 'enrolment'>,
  overrides: JoinOverrides = {},
): Promise<AgentIdentity> {
  const { identity } = await joinController(
    {
      controller: enrolment,
      token: overrides.token ?? books.issueToken(nodeId, 'ams-1', inHalfAnHour()),
      pin: overrides.pin ?? `sha256:${authorities.serving.pin}`,
      stateDirectory: overrides.stateDirectory ?? (await cleanup.directory()),
      forceNew: overrides.forceNew ?? false,
    },
    overrides.clock ?? systemClock,
  );
  return identity;
}

/** The agent's journal of desired state, in memory. */
export class MemorySink implements DesiredSink {
  readonly devices = new Map<string, DesiredDevice>();
  readonly settingsSeen: NodeSettings[] = [];
  readonly batches: (readonly DesiredDelta[])[] = [];
  readonly times: { timeMs: number; first: boolean }[] = [];
  timesBeforeSettings: number | undefined;
  heardCount = 0;
  refusedCount = 0;
  /** What `apply` waits for. */
  gate: Promise<void> = Promise.resolve();
  #revision = 0n;

  revision(): bigint {
    return this.#revision;
  }

  digest(): Uint8Array {
    return desiredDigest(this.devices.values(), []);
  }

  settings(settings: NodeSettings): void {
    this.timesBeforeSettings ??= this.times.length;
    this.settingsSeen.push(settings);
  }

  async apply(deltas: readonly DesiredDelta[], revision: bigint) {
    await this.gate;
    this.batches.push(deltas);
    for (const delta of deltas) for (const id of delta.removedDeviceIds) this.devices.delete(id);
    for (const delta of deltas) for (const device of delta.devices) this.devices.set(device.id, device);
    this.#revision = revision;
    return { refusals: [] };
  }

  async erased(): Promise<bigint> {
    return this.#revision;
  }

  time(timeMs: number, first: boolean): void {
    this.times.push({ timeMs, first });
  }

  heard(): void {
    this.heardCount += 1;
  }

  refused(): void {
    this.refusedCount += 1;
  }
}

/** The agent's outbox of reports, in memory. */
export class MemoryReports implements ReportSource {
  readonly queue: PendingReport[] = [];
  readonly acknowledgedNumbers: bigint[] = [];
  readonly #listeners: (() => void)[] = [];

  next(): PendingReport | undefined {
    return this.queue[0];
  }

  acknowledged(number: bigint): void {
    this.acknowledgedNumbers.push(number);
    if (this.queue[0]?.number === number) this.queue.shift();
  }

  onPending(listener: () => void): void {
    this.#listeners.push(listener);
  }

  add(number: bigint, bytes = reportBytes(number)): void {
    this.queue.push({ number, bytes });
    for (const listener of this.#listeners) listener();
  }
}

export function reportBytes(number: bigint, rate = 0n): Uint8Array {
  const subscriptions = [{ subscriptionId: newId('sub'), rate }];
  return toBinary(ReportRequestSchema, create(ReportRequestSchema, { number, subscriptions }));
}

export interface Agent {
  readonly sink: MemorySink;
  readonly reports: MemoryReports;
  readonly south: ReturnType<typeof createAgentSouth>;
  readonly saved: AgentIdentity[];
  stop(): Promise<void>;
}

export async function startAgent(
  cleanup: Cleanup,
  identity: AgentIdentity,
  {
    checkRoom = async () => undefined,
    ...options
  }: Partial<SouthOptions> & {
    sink?: MemorySink;
    reports?: MemoryReports;
    checkRoom?: () => Promise<void>;
  } = {},
): Promise<Agent> {
  const sink = options.sink ?? new MemorySink();
  const reports = options.reports ?? new MemoryReports();
  const saved: AgentIdentity[] = [];
  const south = createAgentSouth({
    clock: systemClock,
    log: silentLogger,
    random: Math.random,
    facts: async () => ({
      agentVersion: '0.1.0',
      wireguardPublicKey: new Uint8Array(32).fill(7),
      wireguardDriver: 'userspace',
      ipv6: true,
    }),
    ...options,
    identity,
    identityStore: { save: async (renewed) => void saved.push(renewed), checkRoom },
    sink,
    reports,
  });
  const stop = await start(south.tasks, cleanup);
  return { sink, reports, south, saved, stop };
}

export function device(last: number) {
  return {
    id: newId('dev'),
    subscriptionId: newId('sub'),
    publicKey: new Uint8Array(32).fill(last),
    address4: `10.64.1.${last}`,
    address6: `fd74:7572:6e70::1:${last.toString(16)}`,
    access: DeviceAccess.OPEN,
    seat: Seat.NOT_NEEDED,
  };
}
