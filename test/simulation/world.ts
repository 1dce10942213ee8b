import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Direction } from '../../agent/gate/fake.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { pem } from '../../common/pki/keys.ts';
import { publicKeyOf, type WireguardKeyPair } from '../../common/wireguard-key.ts';
import type { Books } from '../../controller/books/books.ts';
import type { NewTariff } from '../../controller/catalogue/catalogue.ts';
import type { IssuedCertificate } from '../../controller/south/ports.ts';
import { fleet, issueAll } from './authority.ts';
import { ControllerMachine } from './controller-machine.ts';
import { Disk, untroubled } from './disk.ts';
import { Link } from './network.ts';
import { NodeMachine } from './node-machine.ts';
import { Random } from './random.ts';
import { otherTariffs } from './steps.ts';
import { MachineClock, Timeline } from './timeline.ts';
import { type DeviceTruth, type SubscriptionTruth, Truth } from './truth.ts';

const began = Date.UTC(2026, 10, 22, 12);

export interface WorldOptions {
  readonly seed: number;
  readonly directory: string;
  readonly nodes: number;
  /** How often a node may join. */
  readonly incarnations: number;
  /** How long a node may serve on its own. */
  readonly validitySeconds: number;
  /** Undefined: periods without end. */
  readonly periodMs: number | undefined;
}

/** A controller, its nodes, and the people who use them. */
export class World {
  readonly options: WorldOptions;
  readonly timeline = new Timeline();
  readonly truth = new Truth();
  readonly nodes: NodeMachine[] = [];
  readonly links: Link[] = [];
  /** Limits are, or may be, only observed. */
  observes = false;
  readonly controller: ControllerMachine;
  readonly controllerDisk: Disk;
  readonly controllerClock: MachineClock;
  readonly #random: Random;
  readonly #backup: string;
  /** The revision that the backup has; undefined: there is none. */
  #backedUp: bigint | undefined;
  readonly #certificates = new Map<string, readonly IssuedCertificate[]>();

  constructor(options: WorldOptions) {
    this.options = options;
    this.#random = new Random(options.seed, 'world');
    mkdirSync(options.directory, { recursive: true });
    this.#backup = join(options.directory, 'backup');
    this.controllerDisk = new Disk(join(options.directory, 'controller'), 'turnpike.db');
    this.controllerClock = new MachineClock(this.timeline, began);
    const { periodMs, validitySeconds } = options;
    this.controller = new ControllerMachine({
      ...{ timeline: this.timeline, clock: this.controllerClock, disk: this.controllerDisk, validitySeconds },
      links: () => this.links,
      ...(periodMs !== undefined && { periodEnd: ({ days }, startsAt) => startsAt + periodMs * (days ?? 1) }),
    });
  }

  get books(): Books | undefined {
    return this.controller.books;
  }

  async begin(): Promise<void> {
    this.controller.onFailure = (error) => this.onFailure(error);
    this.controller.start();
    await this.timeline.run(100, () => undefined);
    for (let n = 1; n <= this.options.nodes; n += 1) await this.addNode(`node-${n}`);
  }

  async addNode(name: string): Promise<NodeMachine> {
    const books = this.books as Books;
    const { id } = await books.catalogue.addNode({ name, endpoint: `${name}.example.net:51820` });
    const { incarnations } = this.options;
    this.#certificates.set(name, await issueAll({ nodeId: id, nodeName: name }, incarnations));
    const { identity, der } = await this.enrol(name);
    const privateKey = new Random(this.options.seed, `key ${name}`).bytes(32).toString('base64');
    return this.#machine(name, identity, der, { privateKey, publicKey: publicKeyOf(privateKey) });
  }

  #machine(name: string, identity: AgentIdentity, der: Uint8Array, key: WireguardKeyPair): NodeMachine {
    const random = new Random(this.options.seed, name);
    const link = new Link(this.timeline, new Random(this.options.seed, `link ${name}`));
    link.listener = () => this.controller.listener;
    this.links.push(link);
    const node = new NodeMachine({
      ...{ timeline: this.timeline, random, link, identity, der, key, name },
      clock: new MachineClock(this.timeline, began + random.between(-1000, 1000)),
      disk: new Disk(join(this.options.directory, name), 'journal.db'),
    });
    this.nodes.push(node);
    node.onFailure = (error) => this.onFailure(error);
    return node;
  }

  /** Gives the node a new incarnation, as `turnpike-agent join` does. */
  async enrol(name: string) {
    const books = this.books as Books;
    const { caCertificate } = await fleet();
    const { token } = await books.catalogue.createJoinToken(name);
    const { identity, certificate } = await books.identities.redeem(
      sha256(token),
      sha256(token),
      async (one) => {
        const issued = this.#certificates.get(name)?.[one.incarnation - 1];
        if (issued === undefined) throw new Error(`no certificate was made for ${name}/${one.incarnation}`);
        return issued;
      },
    );
    return {
      der: certificate.der,
      identity: {
        ...identity,
        controllerAddress: 'controller:7443',
        enrolmentAddress: 'controller:7444',
        privateKey: '',
        certificate: pem('CERTIFICATE', certificate.der),
        caCertificate,
      },
    };
  }

  async addSubscription(tariff: Omit<NewTariff, 'name'>, devices: number): Promise<SubscriptionTruth> {
    const { catalogue } = this.books as Books;
    const count = this.truth.subscriptions.size + 1;
    const account = await catalogue.addAccount({ reference: `customer ${count}` });
    const { id: tariffId } = await catalogue.addTariff({ ...tariff, name: `tariff-${count}` });
    const { id } = await catalogue.createSubscription({ account: account.id, tariff: tariffId });
    const one: SubscriptionTruth = {
      ...{ id, packs: 0n, perPeriod: tariff.volumeBytes, beyond: beyondOf(tariff) },
      ...{ maxConnections: tariff.maxConnections ?? null, devices: [] },
    };
    this.truth.subscriptions.set(id, one);
    for (let n = 0; n < devices; n += 1) await this.addDevice(id);
    return one;
  }

  /** So that subscriptions can be changed to them. */
  async addTariffs(tariffs: readonly Omit<NewTariff, 'name'>[]): Promise<void> {
    const { catalogue } = this.books as Books;
    for (const [n, tariff] of tariffs.entries()) await catalogue.addTariff({ ...tariff, name: `other-${n}` });
  }

  async changeTariff(
    subscription: SubscriptionTruth,
    { to, when }: { readonly to: number; readonly when: 'now' | 'next-period' },
  ): Promise<void> {
    const tariff = otherTariffs[to] as Omit<NewTariff, 'name'>;
    // Whether the answer comes or not: it may be done.
    if (subscription.beyond !== 'nothing' || beyondOf(tariff) !== 'nothing') subscription.beyond = 'freely';
    const { volumeBytes } = tariff;
    if (volumeBytes !== null && volumeBytes > (subscription.perPeriod ?? 0n))
      subscription.perPeriod = volumeBytes;
    await this.books?.catalogue.changeTariff(subscription.id, { tariff: `other-${to}`, when });
  }

  async addDevice(subscription: string): Promise<DeviceTruth> {
    const { catalogue } = this.books as Books;
    const publicKey = this.#random.bytes(32);
    publicKey[31] = 0;
    const { device } = await catalogue.addDevice({ subscription, publicKey: publicKey.toString('base64') });
    const one: DeviceTruth = {
      ...{ id: device.id, subscriptionId: subscription, publicKey: publicKey.toString('base64') },
      ...{ address4: device.address4, address6: device.address6, revokedAt: undefined },
      removed: false,
    };
    this.truth.devices.set(one.id, one);
    this.truth.subscriptions.get(subscription)?.devices.push(one.id);
    return one;
  }

  /** A packet of a device comes to a node, or goes to it. True when it passed. */
  send(node: NodeMachine, device: DeviceTruth, direction: Direction, bytes: bigint): boolean {
    const { publicKey, address4, address6 } = device;
    const address = bytes % 2n === 0n ? address4 : address6;
    if (!node.carry(direction, { publicKey, address }, bytes)) return false;
    this.truth.note(node.place, device, direction, bytes, this.timeline.now);
    this.onAccepted(node, device);
    return true;
  }

  /** Why a process ended by itself. */
  onFailure: (error: unknown) => void = () => undefined;
  onAccepted: (node: NodeMachine, device: DeviceTruth) => void = () => undefined;

  /** Rows of the controller's database, as they are now; undefined while it is down. */
  rows<Row>(sql: string): Row[] | undefined {
    const { database } = this.controllerDisk;
    return database && this.controller.life ? untroubled<Row>(database, sql) : undefined;
  }

  /** The last one that the books assigned. */
  revision(): bigint {
    return this.rows<{ revision: bigint }>('SELECT revision FROM fleet')?.[0]?.revision ?? 0n;
  }

  /** All that was sold of it up to now, with the periods that began. */
  soldSoFar({ packs, perPeriod }: SubscriptionTruth): bigint {
    const { periodMs } = this.options;
    // A node may turn a little before the controller.
    const turned = periodMs === undefined ? 0 : Math.floor((this.timeline.now + 1_000) / periodMs);
    return packs + BigInt(1 + turned) * (perPeriod ?? 0n);
  }

  backUp(): void {
    if (this.controller.life === undefined) return;
    this.controllerDisk.copyTo(this.#backup);
    this.#backedUp = this.revision();
  }

  /** The controller's disk is lost, and the last backup put in its place, as its operator is told to. */
  restore(downMs: number): void {
    const known = this.#backedUp;
    if (known === undefined) return;
    this.controller.hold();
    this.controllerDisk.replaceBy(this.#backup);
    this.controller.restored = true;
    // What was revoked after the backup is forgotten.
    for (const device of this.truth.devices.values()) {
      if (device.revokedAt !== undefined && device.revokedAt > known) device.revokedAt = undefined;
    }
    this.onRestored();
    this.timeline.after(downMs, () => this.controller.release());
  }

  onRestored: () => void = () => undefined;

  /** Somebody starts a copy of the node's machine beside it. */
  clone(place: number): void {
    const node = this.nodes[place];
    if (node === undefined || this.nodes.length > this.options.nodes) return;
    const name = `${node.name}-clone`;
    const copy = this.#machine(name, node.identity, node.der, node.options.key);
    node.options.disk.copyTo(copy.options.disk.directory);
    for (const one of [node, copy]) one.clone = true;
    this.onMachine(copy);
    copy.start();
  }

  onMachine: (node: NodeMachine) => void = () => undefined;

  /** The node begins anew, from nothing or from what it has. */
  async enrolAgain(node: NodeMachine): Promise<void> {
    const { identity, der } = await this.enrol(node.identity.nodeName);
    node.identity = identity;
    node.der = der;
    node.crash(0);
  }

  end(): void {
    this.controller.hold();
    for (const node of this.nodes) node.hold();
    for (const disk of [this.controllerDisk, ...this.nodes.map(({ options }) => options.disk)]) disk.retire();
    rmSync(this.options.directory, { recursive: true, force: true });
  }
}

function beyondOf({
  volumeBytes,
  throttleBitsPerSecond = null,
}: Omit<NewTariff, 'name'>): SubscriptionTruth['beyond'] {
  if (volumeBytes === null) return 'freely';
  return throttleBitsPerSecond === null ? 'nothing' : 'slowly';
}

function sha256(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}
