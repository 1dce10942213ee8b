import type { Clock } from '../../common/clock.ts';

export interface LiveNode {
  incarnation: number;
  connected: boolean;
  /** Milliseconds since 1970. */
  lastContactAt: number;
  /** On the monotonic clock; of use while it is not connected. */
  lostAt: number;
  appliedRevision: bigint | null;
  /** Reason by id. */
  refusals: Map<string, string>;
}

export interface LivePresence {
  /** A handshake younger than 180 s. */
  readonly connected: boolean;
  readonly passing: boolean;
  readonly refused: boolean;
}

/** What nodes say of themselves and of their devices just now. In memory only. */
export class Live {
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #nodes = new Map<string, LiveNode>();
  /** By node, then device. */
  readonly #presence = new Map<string, Map<string, LivePresence>>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAt = clock.monotonic();
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
    return node?.connected ? 0 : this.#clock.monotonic() - (node?.lostAt ?? this.#startedAt);
  }

  hello(nodeId: string, incarnation: number): void {
    this.#nodes.set(nodeId, {
      incarnation,
      connected: true,
      lastContactAt: this.#clock.now(),
      lostAt: this.#clock.monotonic(),
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
    if (node?.connected) Object.assign(node, { connected: false, lostAt: this.#clock.monotonic() });
    this.#presence.delete(nodeId);
  }

  seen(nodeId: string, deviceId: string, presence: LivePresence): void {
    const devices = this.#presence.get(nodeId) ?? new Map<string, LivePresence>();
    this.#presence.set(nodeId, devices);
    if (presence.connected || presence.passing || presence.refused) devices.set(deviceId, presence);
    else devices.delete(deviceId);
  }

  forgetDevice(deviceId: string): void {
    for (const devices of this.#presence.values()) devices.delete(deviceId);
  }

  forgetNode(nodeId: string): void {
    this.#nodes.delete(nodeId);
    this.#presence.delete(nodeId);
  }

  presence(nodeId: string, deviceId: string): LivePresence | undefined {
    return this.#presence.get(nodeId)?.get(deviceId);
  }

  /** Ids of the nodes on which the device is connected. */
  nodesOf(deviceId: string): string[] {
    return [...this.#presence].flatMap(([nodeId, devices]) =>
      devices.get(deviceId)?.connected ? [nodeId] : [],
    );
  }

  connectedDevices(nodeId: string): number {
    const devices = this.#presence.get(nodeId)?.values() ?? [];
    return [...devices].filter(({ connected }) => connected).length;
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
