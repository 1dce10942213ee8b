import { createHash, randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../../../common/clock.ts';
import {
  type Delta,
  DevicePresenceSchema,
  HelloSchema,
  type Device as WireDevice,
  type Subscription as WireSubscription,
} from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { ReportRequestSchema } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { silentLogger } from '../../../common/log.ts';
import { type Books, type BooksOptions, openBooks } from '../../../controller/books/books.ts';
import type { NewTariff } from '../../../controller/catalogue/catalogue.ts';
import type { ReadHealth } from '../../../controller/health.ts';
import type { NodeIdentity } from '../../../controller/south/ports.ts';
import { fixedEnvelope } from '../vault.ts';

export const kib = 1024n;
export const mib = 1024n * kib;
export const gib = 1024n * mib;

/** A clock that stands until it is told. */
export class StandingClock implements Clock {
  #now = Date.UTC(2026, 10, 22, 12);

  readonly #timers = new Set<{ at: number; action: () => void }>();

  /** How many wait for their time. */
  get timers(): number {
    return this.#timers.size;
  }

  pass(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.action();
    }
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  async sleep(_ms?: number, _signal?: AbortSignal): Promise<void> {}

  after(ms: number, action: () => void): { cancel(): void } {
    const timer = { at: this.#now + ms, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }
}

export interface Rig {
  readonly books: Books;
  readonly clock: StandingClock;
  /** Adds a node and enrols it; connected, unless told. */
  node(
    name: string,
    options?: { group?: string; connected?: boolean; multiplier?: number },
  ): Promise<TestNode>;
  /** An account, a tariff and a subscription to it. */
  subscription(tariff?: {
    volumeBytes?: bigint | null;
    maxDevices?: number;
    group?: string;
    /** The tariff's other limits. */
    limits?: Partial<NewTariff>;
  }): Promise<string>;
  device(subscription: string): Promise<string>;
  /** Begins the periods that are due, and opens those that come soon. */
  sweepPeriods(): Promise<void>;
}

export async function openRig(options: Partial<BooksOptions> = {}): Promise<Rig> {
  const clock = new StandingClock();
  const books = await openBooks({
    path: ':memory:',
    range4: '10.64.0.0/16',
    range6: 'fd74:7572:6e70::/64',
    validitySeconds: 86_400,
    envelope: fixedEnvelope,
    backups: { directory: join(dirname(options.path ?? '/nowhere/x'), 'backups'), keepDays: 30 },
    clock,
    log: silentLogger,
    ...options,
  });
  let count = 0;
  return {
    books,
    clock,
    node: async (name, { group, connected = true, multiplier } = {}) => {
      // So that the order of creation is one.
      clock.pass(1);
      await books.catalogue.addNode({
        name,
        endpoint: `${name}.example.net:51820`,
        ...(group !== undefined && { group }),
        ...(multiplier !== undefined && { multiplier }),
      });
      const node = await TestNode.enrol(books, name);
      if (connected) await node.hello();
      return node;
    },
    subscription: async ({ volumeBytes = 1n * gib, maxDevices, group, limits } = {}) => {
      count += 1;
      const account = await books.catalogue.addAccount({ reference: `customer ${count}` });
      const tariff = await books.catalogue.addTariff({
        name: `tariff-${count}`,
        volumeBytes,
        ...(maxDevices !== undefined && { maxDevices }),
        ...(group !== undefined && { group }),
        ...limits,
      });
      const { id } = await books.catalogue.createSubscription({ account: account.id, tariff: tariff.id });
      return id;
    },
    sweepPeriods: () => runOnce(books, clock, 'period sweep'),
    device: async (subscription) => (await books.catalogue.addDevice({ subscription })).device.id,
  };
}

/** One round of a periodic task. */
export async function runOnce(books: Books, clock: StandingClock, name: string): Promise<void> {
  const abort = new AbortController();
  const task = books.tasks.find((one) => one.name === name);
  const sleep = clock.sleep;
  clock.sleep = async () => {
    clock.sleep = async () => abort.abort();
  };
  await task?.run(abort.signal, () => {});
  clock.sleep = sleep;
}

/** An agent's side of the books, by the protocol, without a kernel. */
export class TestNode {
  readonly identity: NodeIdentity;
  readonly serial: string;
  readonly devices = new Map<string, WireDevice>();
  readonly subscriptions = new Map<string, WireSubscription>();
  key = randomBytes(32);
  revision = 0n;
  readonly #books: Books;
  #number = 0n;

  private constructor(books: Books, identity: NodeIdentity, serial: string) {
    this.#books = books;
    this.identity = identity;
    this.serial = serial;
  }

  static async enrol(books: Books, name: string): Promise<TestNode> {
    const { token } = await books.catalogue.createJoinToken(name);
    const { identity, certificate } = await books.identities.redeem(
      sha256(token),
      sha256(randomBytes(8).toString('hex')),
      async () => ({ serial: randomBytes(8).toString('hex'), der: randomBytes(16), notAfter: 0 }),
    );
    return new TestNode(books, identity, certificate.serial);
  }

  /** The same node, with all that it holds, before other books. */
  with(books: Books): TestNode {
    const node = new TestNode(books, this.identity, this.serial);
    for (const [id, one] of this.devices) node.devices.set(id, one);
    for (const [id, one] of this.subscriptions) node.subscriptions.set(id, one);
    node.revision = this.revision;
    node.key = this.key;
    return node;
  }

  async hello(): Promise<void> {
    const hello = create(HelloSchema, {
      agentVersion: '0.1.0',
      wireguardPublicKey: this.key,
      wireguardDriver: 'userspace',
      ipv6: true,
    });
    await this.#books.register.hello(this.identity, hello);
    await this.sync();
  }

  disconnect(): Promise<void> {
    return this.#books.register.disconnected(this.identity);
  }

  /** Takes what changed, as an agent does; gives the digest that the controller expects. */
  async sync(from = this.revision): Promise<Uint8Array> {
    const { desired } = this.#books;
    let part = await desired.since(this.identity, from);
    const { revision, digest, whole } = part;
    const deltas = [...part.deltas];
    while (part.next !== undefined) {
      part = await desired.since(this.identity, from, { from: part.next });
      deltas.push(...part.deltas);
    }
    if (whole) this.#keepOnly(deltas);
    const isNews = (held: { revision: bigint } | undefined, one: { revision: bigint }) =>
      whole || held === undefined || held.revision <= one.revision;
    for (const { removedDeviceIds, erasedSubscriptionIds, subscriptions, devices } of deltas) {
      for (const id of removedDeviceIds) this.devices.delete(id);
      for (const id of erasedSubscriptionIds) this.#erase(id);
      for (const one of subscriptions) {
        if (isNews(this.subscriptions.get(one.id), one)) this.subscriptions.set(one.id, one);
      }
      for (const one of devices) if (isNews(this.devices.get(one.id), one)) this.devices.set(one.id, one);
    }
    this.revision = revision;
    await this.#books.register.applied(this.identity, revision, []);
    await this.#books.register.erased(this.identity, revision);
    return digest ?? new Uint8Array();
  }

  #keepOnly(deltas: readonly Delta[]): void {
    const named = new Set(
      deltas.flatMap((one) => [...one.devices, ...one.subscriptions].map(({ id }) => id)),
    );
    for (const id of this.devices.keys()) if (!named.has(id)) this.devices.delete(id);
    for (const id of this.subscriptions.keys()) if (!named.has(id)) this.subscriptions.delete(id);
  }

  #erase(id: string): void {
    this.subscriptions.delete(id);
    for (const device of this.devices.values()) {
      if (device.subscriptionId === id) this.devices.delete(device.id);
    }
  }

  /** The digest over what this node holds. */
  digest(): Uint8Array {
    const lines = [
      ...[...this.devices.values()].map(({ id, revision }) => `d ${id} ${revision}\n`),
      ...[...this.subscriptions.values()].map(({ id, revision }) => `s ${id} ${revision}\n`),
    ];
    const parts = Map.groupBy(lines.sort(), (line) => line.slice(6, 8));
    const hashes = [...parts].map(
      ([part, its]) => `${part} ${Buffer.from(sha256(its.join(''))).toString('hex')}\n`,
    );
    return sha256(hashes.sort().join(''));
  }

  granted(subscription: string): bigint {
    return this.subscriptions.get(subscription)?.grantedBytes ?? 0n;
  }

  /** Reports totals of a period (the first one, unless told), and takes what came of it. Without a number, the next one. */
  async report(
    devices: Record<string, [upload: bigint, download: bigint]>,
    subscriptions: Record<
      string,
      {
        wanting?: boolean;
        rate?: bigint;
        releasedBytes?: bigint;
        writtenOffBytes?: bigint;
        recall?: number;
        grantedBytes?: bigint;
        period?: number;
      }
    > = {},
    number?: bigint,
    period?: number,
  ): Promise<void> {
    if (number === undefined) this.#number += 1n;
    const message: MessageInitShape<typeof ReportRequestSchema> = {
      number: number ?? this.#number,
      devices: Object.entries(devices).map(([deviceId, [uploadBytes, downloadBytes]]) => ({
        deviceId,
        uploadBytes,
        downloadBytes,
        period: period ?? 1,
      })),
      subscriptions: Object.entries(subscriptions).map(([subscriptionId, entry]) => ({
        subscriptionId,
        grantedBytes: this.granted(subscriptionId),
        rate: 100n * mib,
        period: period ?? 1,
        ...entry,
      })),
    };
    await this.send(message);
  }

  /** Sends a report as it is, and takes what came of it. */
  async send(message: MessageInitShape<typeof ReportRequestSchema>): Promise<void> {
    const report = create(ReportRequestSchema, message);
    await this.#books.booking.book(this.identity, report, toBinary(ReportRequestSchema, report));
    await this.sync();
  }

  presence(device: string, seen: MessageInitShape<typeof DevicePresenceSchema>): Promise<void> {
    return this.#books.register.presence(this.identity, [
      create(DevicePresenceSchema, { deviceId: device, ...seen }),
    ]);
  }
}

export function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

/** Of a controller's machine that lacks nothing. */
export const goodHealth: ReadHealth = async () => ({
  at: Date.UTC(2026, 11, 1),
  clockSteps: 0,
  newestAt: null,
  databaseBytes: 1_000_000n,
  diskFreeBytes: 100_000_000_000n,
  caExpiresAt: Date.UTC(2036, 0, 1),
});
