import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { join } from '../../../agent/commands/join.ts';
import type { DesiredDelta, DesiredDevice, DesiredSubscription } from '../../../agent/desired/state.ts';
import type { DesiredSink, PendingReport, ReportSource } from '../../../agent/south/ports.ts';
import { createSouth } from '../../../agent/south/south.ts';
import { systemClock } from '../../../common/clock.ts';
import { desiredDigest } from '../../../common/desired-digest.ts';
import {
  type DeviceUsageSchema,
  ReportRequestSchema,
  type SubscriptionUsageSchema,
} from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { silentLogger } from '../../../common/log.ts';
import { runTasks } from '../../../common/task.ts';
import { generateWireguardKeyPair } from '../../../common/wireguard-key.ts';

/** Totals; what is left out is zero. */
export interface Report {
  readonly devices: MessageInitShape<typeof DeviceUsageSchema>[];
  readonly subscriptions: MessageInitShape<typeof SubscriptionUsageSchema>[];
}

/** Takes a join command apart, as the shell does: `turnpike-agent join HOST:PORT --token T --pin P`. */
export function parseJoinCommand(command: string) {
  const match = /^turnpike-agent join (\S+) --token (\S+) --pin (\S+)$/.exec(command);
  const [, controller = '', token = '', pin = ''] = match ?? [];
  return { controller, token, pin };
}

/** A node without a kernel: it really joins, syncs and reports, and holds what it is told in memory. */
export class NodeStandIn implements DesiredSink, ReportSource {
  readonly keys = generateWireguardKeyPair();
  readonly devices = new Map<string, DesiredDevice>();
  readonly subscriptions = new Map<string, DesiredSubscription>();
  readonly #queue: PendingReport[] = [];
  readonly #pending: (() => void)[] = [];
  readonly #waiting = new Map<bigint, () => void>();
  #revision = 0n;
  #number = 0n;
  #stop: () => Promise<void> = async () => undefined;
  state: () => string = () => 'not started';

  async start(joinCommand: string): Promise<void> {
    const directory = await mkdtemp(joinPath(tmpdir(), 'turnpike-node-'));
    const { identity } = await join(
      { ...parseJoinCommand(joinCommand), stateDirectory: directory, forceNew: false },
      systemClock,
    );
    const south = createSouth({
      identity,
      identityStore: { save: async () => undefined, checkRoom: async () => undefined },
      sink: this,
      reports: this,
      facts: async () => ({
        agentVersion: '0.1.0',
        wireguardPublicKey: Buffer.from(this.keys.publicKey, 'base64'),
        wireguardDriver: 'userspace',
        ipv6: true,
      }),
      clock: systemClock,
      log: silentLogger,
      random: Math.random,
    });
    this.state = () => south.state();
    const abort = new AbortController();
    const done = runTasks(south.tasks, abort.signal, { log: silentLogger });
    this.#stop = async () => {
      abort.abort();
      await done;
      await rm(directory, { recursive: true });
    };
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** Resolves once the controller has booked it. */
  async report(report: Report): Promise<void> {
    this.#number += 1n;
    const number = this.#number;
    const bytes = toBinary(ReportRequestSchema, create(ReportRequestSchema, { ...report, number }));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(number, resolve);
    this.#queue.push({ number, bytes });
    for (const listener of this.#pending) listener();
    await promise;
  }

  revision(): bigint {
    return this.#revision;
  }

  digest(): Uint8Array {
    return desiredDigest(this.devices.values(), this.subscriptions.values());
  }

  settings(): void {}

  async erased(): Promise<bigint> {
    return this.revision();
  }

  async apply(deltas: readonly DesiredDelta[], revision: bigint) {
    for (const delta of deltas) {
      for (const id of delta.removedDeviceIds) this.devices.delete(id);
      for (const id of delta.removedSubscriptionIds) this.subscriptions.delete(id);
      for (const id of delta.erasedSubscriptionIds) {
        this.subscriptions.delete(id);
        for (const device of this.devices.values()) {
          if (device.subscriptionId === id) this.devices.delete(device.id);
        }
      }
      for (const item of delta.subscriptions) this.subscriptions.set(item.id, item);
      for (const item of delta.devices) this.devices.set(item.id, item);
    }
    this.#revision = revision;
    return { refusals: [] };
  }

  time(): void {}

  heard(): void {}

  refused(): void {}

  next(): PendingReport | undefined {
    return this.#queue[0];
  }

  acknowledged(number: bigint): void {
    if (this.#queue[0]?.number === number) this.#queue.shift();
    this.#waiting.get(number)?.();
  }

  onPending(listener: () => void): void {
    this.#pending.push(listener);
  }
}
