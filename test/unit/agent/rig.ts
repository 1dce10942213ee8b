import { fromBinary } from '@bufbuild/protobuf';
import type {
  DesiredDelta,
  DesiredDevice,
  DesiredSubscription,
  NodeSettings,
} from '../../../agent/desired/state.ts';
import { FakeGate } from '../../../agent/gate/fake.ts';
import type { Host } from '../../../agent/host/host.ts';
import type { Journal } from '../../../agent/journal/journal.ts';
import { openJournal } from '../../../agent/journal/journal.ts';
import { Inbox } from '../../../agent/reconcile/inbox.ts';
import { type Memory, newMemory } from '../../../agent/reconcile/memory.ts';
import { type Due, Reconciler } from '../../../agent/reconcile/reconciler.ts';
import { Reports } from '../../../agent/reconcile/reports.ts';
import { newTelemetry } from '../../../agent/reconcile/telemetry.ts';
import { Validity } from '../../../agent/reconcile/validity.ts';
import { ControllerTime } from '../../../agent/time/controller-time.ts';
import { FakeWireGuard } from '../../../agent/wireguard/fake.ts';
import { type ReportRequest, ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { silentLogger } from '../../../common/log.ts';
import { generateWireguardKeyPair } from '../../../common/wireguard-key.ts';
import { ManualClock } from './manual-clock.ts';

export const settings: NodeSettings = {
  listenPort: 51820,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  mtu: 1420,
  validitySeconds: 86_400,
  seatPatienceSeconds: 60,
};

export const nodeKey = generateWireguardKeyPair();

export function device(n: number, change: Partial<DesiredDevice> = {}): DesiredDevice {
  return {
    id: `dev_${String(n).padStart(16, '0')}`,
    revision: BigInt(n),
    subscriptionId: subscriptionId(1),
    publicKey: Buffer.from(String(n).padStart(32, 'k')).toString('base64'),
    presharedKey: undefined,
    address4: `10.64.0.${n}`,
    address6: `fd74:7572:6e70::${n.toString(16)}`,
    access: 'open',
    ...change,
  };
}

export function subscription(n: number, change: Partial<DesiredSubscription> = {}): DesiredSubscription {
  return {
    id: subscriptionId(n),
    revision: BigInt(n),
    metering: 'granted',
    grantedBytes: 262_144n,
    allowance: true,
    recall: 0,
    period: 1,
    nextGrantedBytes: 0n,
    ...change,
  };
}

export function subscriptionId(n: number): string {
  return `sub_${String(n).padStart(16, '0')}`;
}

export class FakeHost implements Host {
  async ensure(_settings: NodeSettings): Promise<readonly string[]> {
    return [];
  }
  async remove(): Promise<readonly string[]> {
    return [];
  }
  async driver(): Promise<'userspace'> {
    return 'userspace';
  }
  async ipv6(): Promise<boolean> {
    return true;
  }
}

/** Other fakes than the usual ones. */
export interface KernelInMemory {
  readonly gate?: (clock: ManualClock) => FakeGate;
  readonly wireguard?: FakeWireGuard;
  readonly host?: Host;
}

/**
 * An agent's core on a kernel in memory. `restart` is a crash: all but the journal and the kernel is gone.
 */
export class Rig {
  readonly clock = new ManualClock();
  readonly gate: FakeGate;
  readonly wireguard: FakeWireGuard;
  readonly host: Host;
  readonly #directory: string;
  revision = 0n;
  #said: ReportRequest['subscriptions'][number] | undefined;
  journal!: Journal;
  memory!: Memory;
  inbox!: Inbox;
  time!: ControllerTime;
  reconciler!: Reconciler;
  telemetry = newTelemetry();
  wake = (): void => undefined;

  constructor(directory: string, kernel: KernelInMemory = {}) {
    this.#directory = directory;
    this.gate = kernel.gate?.(this.clock) ?? new FakeGate(this.clock);
    this.wireguard = kernel.wireguard ?? new FakeWireGuard();
    this.host = kernel.host ?? new FakeHost();
    this.start();
  }

  start(): void {
    this.journal = openJournal(this.#directory, { nodeId: 'nod_0000000000000001', incarnation: 1 });
    this.memory = newMemory(this.journal.state);
    this.time = new ControllerTime(this.clock, this.gate.bootId, this.journal.state.time);
    const validity = new Validity(this.clock, this.time, this.journal.state);
    this.inbox = new Inbox(this.journal, validity, this.time, () => this.wake());
    this.telemetry = newTelemetry();
    this.reconciler = new Reconciler({
      journal: this.journal,
      memory: this.memory,
      reports: new Reports(this.journal.state),
      inbox: this.inbox,
      validity,
      time: this.time,
      gate: this.gate,
      wireguard: this.wireguard,
      host: this.host,
      key: nodeKey,
      interfaceName: 'wg0',
      clock: this.clock,
      log: silentLogger,
      telemetry: this.telemetry,
    });
  }

  async restart(): Promise<void> {
    this.journal.close();
    this.start();
    await this.run();
  }

  /** Rounds until nothing is to be done at once. */
  async run(due: Partial<Due> = {}): Promise<void> {
    await this.reconciler.round({ reading: true, full: false, ...due });
    for (let count = 0; this.reconciler.restless; count += 1) {
      if (count > 20) throw new Error('the loop does not come to rest');
      await this.reconciler.round({ reading: false, full: false });
    }
  }

  /** Until nothing is left in WireGuard that lingers there. */
  async linger(): Promise<void> {
    this.clock.advance(600_000);
    await this.run({ full: true });
  }

  /** A beat later. */
  async beat(ms = 1000): Promise<void> {
    this.clock.advance(ms);
    await this.run();
  }

  /** What the controller says. Returns the ids that were refused. */
  async say(delta: Partial<DesiredDelta>): Promise<string[]> {
    this.inbox.settings(settings);
    this.inbox.heard(false);
    this.revision += 1n;
    const answer = this.inbox.apply(
      [
        {
          removedDeviceIds: [],
          removedSubscriptionIds: [],
          erasedSubscriptionIds: [],
          subscriptions: [],
          devices: [],
          ...delta,
        },
      ],
      this.revision,
    );
    await this.run({ reading: false });
    const { refusals } = await answer;
    this.inbox.heard(true);
    await this.run({ reading: false });
    return refusals.map(({ id }) => id);
  }

  /** The report that is under way, or undefined; acknowledges it. */
  report(): ReportRequest | undefined {
    const report = this.inbox.next();
    if (report === undefined) return undefined;
    this.inbox.acknowledged(report.number);
    return fromBinary(ReportRequestSchema, report.bytes);
  }

  /** What the controller knows of a subscription once it has acknowledged all there is. */
  async said(n = 1) {
    for (let count = 0; count < 5; count += 1) {
      for (const item of this.report()?.subscriptions ?? []) {
        if (item.subscriptionId === subscriptionId(n)) this.#said = item;
      }
      await this.beat(5000);
    }
    return this.#said;
  }

  used(n = 1): bigint {
    return this.memory.used.get(subscriptionId(n)) ?? 0n;
  }

  account(n = 1) {
    const account = this.journal.state.accounts.get(subscriptionId(n));
    if (account === undefined) throw new Error('no such account');
    return account;
  }

  /** Packets of 1000 bytes until one is refused, or so many. Returns the bytes that passed. */
  upload(n: number, packets: number): bigint {
    let passed = 0n;
    for (let count = 0; count < packets; count += 1) {
      if (!this.gate.carry('upload', device(n).address4, 1000n)) break;
      passed += 1000n;
    }
    return passed;
  }
}
