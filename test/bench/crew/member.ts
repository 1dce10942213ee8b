import { create, toBinary } from '@bufbuild/protobuf';
import type { DesiredDelta } from '../../../agent/desired/state.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { DesiredSink, PendingReport, ReportSource } from '../../../agent/south/ports.ts';
import { createSouth } from '../../../agent/south/south.ts';
import { systemClock } from '../../../common/clock.ts';
import { desiredDigest } from '../../../common/desired-digest.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { silentLogger } from '../../../common/log.ts';
import { runTasks } from '../../../common/task.ts';
import { machineMilliseconds } from '../../lab/traffic/protocol.ts';
import type { Seen } from './protocol.ts';

/** The product's side of the connection, whole: TLS, streams, waits between attempts. Behind it memory, and no kernel. */
export class Member implements DesiredSink, ReportSource {
  readonly #devices = new Map<string, { id: string; revision: bigint }>();
  readonly #subscriptions = new Map<string, { id: string; revision: bigint }>();
  readonly #listeners: (() => void)[] = [];
  #revision = 0n;
  #number = 0n;
  #total = 0n;
  #pending: PendingReport | undefined;
  #caughtUpAt = 0;
  #reportedAt = 0;
  #acknowledgedAt = 0;
  #state: () => string = () => 'starting';

  serve(identity: AgentIdentity, key: Uint8Array): void {
    const south = createSouth({
      ...{ identity, sink: this, reports: this, clock: systemClock, log: silentLogger, random: Math.random },
      identityStore: { save: async () => undefined, checkRoom: async () => undefined },
      facts: async () => ({
        ...{ agentVersion: '0.1.0', wireguardPublicKey: key, wireguardDriver: 'userspace', ipv6: true },
      }),
    });
    this.#state = () => south.state();
    const forever = new AbortController().signal;
    void runTasks(south.tasks, forever, { log: silentLogger, onReady: () => undefined });
  }

  seen(): Seen {
    return {
      connected: this.#state() === 'connected',
      reportedAt: this.#reportedAt,
      caughtUpAt: this.#caughtUpAt,
      acknowledgedAt: this.#acknowledgedAt,
      atRest: this.#pending === undefined,
    };
  }

  /** Totals grow; what is under way stays as it is until it is acknowledged. */
  use(deviceId: string, bytes: number): void {
    this.#total += BigInt(bytes);
    if (this.#pending) throw new Error('a report is under way still');
    this.#number += 1n;
    const devices = [{ deviceId, period: 1, uploadBytes: this.#total, downloadBytes: 0n }];
    const message = create(ReportRequestSchema, { number: this.#number, devices });
    this.#pending = { number: this.#number, bytes: toBinary(ReportRequestSchema, message) };
    this.#reportedAt = machineMilliseconds();
    for (const listener of this.#listeners) listener();
  }

  // DesiredSink

  revision(): bigint {
    return this.#revision;
  }

  digest(): Uint8Array {
    return desiredDigest(this.#devices.values(), this.#subscriptions.values());
  }

  settings(): void {}

  async erased(): Promise<bigint> {
    return this.#revision;
  }

  async apply(deltas: readonly DesiredDelta[], revision: bigint) {
    for (const { removedDeviceIds, removedSubscriptionIds, devices, subscriptions } of deltas) {
      for (const id of removedDeviceIds) this.#devices.delete(id);
      for (const id of removedSubscriptionIds) this.#subscriptions.delete(id);
      for (const device of devices) this.#devices.set(device.id, device);
      for (const subscription of subscriptions) this.#subscriptions.set(subscription.id, subscription);
    }
    this.#revision = revision;
    this.#caughtUpAt = machineMilliseconds();
    return { refusals: [] };
  }

  time(): void {}

  heard(): void {}

  refused(): void {}

  // ReportSource

  next(): PendingReport | undefined {
    return this.#pending;
  }

  acknowledged(number: bigint): void {
    if (this.#pending?.number !== number) return;
    this.#pending = undefined;
    this.#acknowledgedAt = machineMilliseconds();
  }

  onPending(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
