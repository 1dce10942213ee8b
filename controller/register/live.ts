import type { Clock } from '../../common/clock.ts';

export interface LiveNode {
  incarnation: number;
  connected: boolean;
  /** Since when it is connected, or is not; monotonic milliseconds. */
  since: number;
  /** Milliseconds since 1970. */
  lastContactAt: number;
  appliedRevision: bigint | null;
  /** Reason by id. */
  refusals: Map<string, string>;
}

export interface LivePresence {
  /** A handshake younger than 180 s. */
  readonly connected: boolean;
  readonly passing: boolean;
  readonly refused: boolean;
  /** It takes and holds a seat (sync.proto, DevicePresence). */
  readonly active: boolean;
  readonly uploading: boolean;
  readonly shared: boolean;
}

/** With the moments from which on seats are counted; monotonic milliseconds. */
interface Seen extends LivePresence {
  readonly activeSince: number;
  readonly refusedSince: number;
}

/** What nodes say of themselves and of their devices just now. In memory only. */
export class Live {
  readonly #clock: Clock;
  readonly #nodes = new Map<string, LiveNode>();
  /** By node, then device. */
  readonly #presence = new Map<string, Map<string, Seen>>();
  /** By device: since which revision it has its key, where it got another one since this controller started. */
  readonly #keyRevisions = new Map<string, bigint>();
  /** Monotonic milliseconds: who is not connected since then has been away since before. */
  readonly startedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.monotonic();
  }

  node(nodeId: string): LiveNode | undefined {
    return this.#nodes.get(nodeId);
  }

  connected(nodeId: string): boolean {
    return this.#nodes.get(nodeId)?.connected ?? false;
  }

  /** For how long it has been out of contact; of one that was not heard yet, since this controller started. */
  awayMs(nodeId: string): number {
    const node = this.#nodes.get(nodeId);
    return node?.connected ? 0 : this.#clock.monotonic() - (node?.since ?? this.startedAt);
  }

  hello(nodeId: string, incarnation: number): void {
    this.#nodes.set(nodeId, {
      incarnation,
      connected: true,
      since: this.#clock.monotonic(),
      lastContactAt: this.#clock.now(),
      appliedRevision: null,
      refusals: new Map(),
    });
    this.#presence.delete(nodeId);
  }

  contact(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node) node.lastContactAt = this.#clock.now();
  }

  applied(nodeId: string, revision: bigint, refusals: readonly { id: string; reason: string }[]): void {
    const node = this.#nodes.get(nodeId);
    if (!node) return;
    node.appliedRevision = revision;
    node.refusals = new Map(refusals.map(({ id, reason }) => [id, reason]));
  }

  disconnected(nodeId: string): void {
    const node = this.#nodes.get(nodeId);
    if (node?.connected) Object.assign(node, { connected: false, since: this.#clock.monotonic() });
    this.#presence.delete(nodeId);
  }

  /** It has another key from this revision on: that the old one was shared says nothing of it. */
  rekeyed(deviceId: string, revision: bigint): void {
    this.#keyRevisions.set(deviceId, revision);
    for (const devices of this.#presence.values()) {
      const seen = devices.get(deviceId);
      if (seen?.shared) devices.set(deviceId, { ...seen, shared: false });
    }
  }

  /** What a node says going by this revision of the device is of the key that it has now. */
  isOfKey(deviceId: string, revision: bigint): boolean {
    return revision >= (this.#keyRevisions.get(deviceId) ?? 0n);
  }

  seen(nodeId: string, deviceId: string, presence: LivePresence): void {
    const devices = this.#presence.get(nodeId) ?? new Map<string, Seen>();
    this.#presence.set(nodeId, devices);
    if (!Object.values(presence).some(Boolean)) {
      devices.delete(deviceId);
      return;
    }
    const before = devices.get(deviceId);
    const now = this.#clock.monotonic();
    devices.set(deviceId, {
      ...presence,
      activeSince: before?.active ? before.activeSince : now,
      refusedSince: before?.refused ? before.refusedSince : now,
    });
  }

  forgetDevice(deviceId: string): void {
    for (const devices of this.#presence.values()) devices.delete(deviceId);
    this.#keyRevisions.delete(deviceId);
  }

  forgetNode(nodeId: string): void {
    this.#nodes.delete(nodeId);
    this.#presence.delete(nodeId);
  }

  presence(nodeId: string, deviceId: string): Seen | undefined {
    return this.#presence.get(nodeId)?.get(deviceId);
  }

  /** Ids of the nodes on which the device is connected. */
  nodesOf(deviceId: string): string[] {
    return [...this.#presence].flatMap(([nodeId, devices]) =>
      devices.get(deviceId)?.connected ? [nodeId] : [],
    );
  }

  /** On how many nodes it uploads. */
  uploadingNodes(deviceId: string): number {
    return [...this.#presence.values()].filter((devices) => devices.get(deviceId)?.uploading).length;
  }

  /** Some node says that its key is used on two devices. */
  isShared(deviceId: string): boolean {
    return [...this.#presence.values()].some((devices) => devices.get(deviceId)?.shared);
  }

  /** Ids of the devices of which {@link isShared} holds. */
  sharedDevices(): string[] {
    const said = [...this.#presence.values()].flatMap((devices) =>
      [...devices].flatMap(([deviceId, { shared }]) => (shared ? [deviceId] : [])),
    );
    return [...new Set(said)].filter((deviceId) => this.isShared(deviceId));
  }

  /** Ids of the devices that are connected on the node. */
  connectedDevices(nodeId: string): string[] {
    const devices = this.#presence.get(nodeId) ?? [];
    return [...devices].flatMap(([deviceId, { connected }]) => (connected ? [deviceId] : []));
  }

  /** Which devices pass traffic, and where. */
  passing(): { nodeId: string; deviceId: string }[] {
    return [...this.#presence].flatMap(([nodeId, devices]) =>
      [...devices].flatMap(([deviceId, seen]) => (seen.passing ? [{ nodeId, deviceId }] : [])),
    );
  }

  /** Over all nodes, each once. */
  connectedDevicesInAll(): number {
    const all = new Set<string>();
    for (const devices of this.#presence.values()) {
      for (const [deviceId, { connected }] of devices) if (connected) all.add(deviceId);
    }
    return all.size;
  }
}
