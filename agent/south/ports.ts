import type { DesiredDelta, NodeSettings } from '../desired/state.ts';
import type { AgentIdentity } from '../identity/identity.ts';

/**
 * What the streams to the controller need from the rest of the agent, and what they offer to it. The streams own the
 * wire (dialling, backoff, framing, checking ids and keys); the other side owns the journal and the kernel.
 */
export interface DesiredSink {
  /** The revision up to which desired state is stored; 0n for none. */
  revision(): bigint;
  /** The digest (sync.proto, CaughtUp) over what is stored. */
  digest(): Uint8Array;
  settings(settings: NodeSettings): void;
  /**
   * Stores and applies one batch: all deltas up to a CaughtUp. Resolves when it is stored with its revision and in
   * force in the kernel; `refusals` names items that could not be applied. What they do not name stays, also when they
   * are all that the controller knows: one restored from a backup must not take away what was sold since. Only where
   * they are said to be `whole`, it goes.
   */
  apply(
    deltas: readonly DesiredDelta[],
    revision: bigint,
    whole?: boolean,
  ): Promise<{ refusals: readonly Refusal[] }>;
  /** Resolves with a revision up to which nothing is left of what was to be erased. */
  erased(): Promise<bigint>;
  /** What the controller's clock says, milliseconds since 1970. `first`: on a new stream. */
  time(timeMs: number, first: boolean): void;
  /**
   * The controller was heard of: grants stay valid for `settings.validitySeconds` from now. `upToDate`: what it wanted
   * when the stream began is in force. Before that, nobody who was parked for want of a word takes a free seat: it may
   * have been given away meanwhile.
   */
  heard(upToDate: boolean): void;
  /**
   * The controller says that this node's identity is no longer valid. Everything is closed, also over restarts, until
   * `heard`: what is revoked later could not be closed here any more.
   */
  refused(): void;
}

export interface Refusal {
  readonly id: string;
  readonly reason: string;
}

export interface DevicePresence {
  readonly deviceId: string;
  /** Of the device as it was looked at, with the key that it had then. */
  readonly deviceRevision: bigint;
  readonly connected: boolean;
  readonly passing: boolean;
  readonly refused: boolean;
  /** It takes and holds a seat; see agent/presence/traffic.ts. */
  readonly active: boolean;
  readonly uploading: boolean;
  readonly shared: boolean;
}

/** One numbered report, frozen in the journal: sent again unchanged until acknowledged. */
export interface PendingReport {
  readonly number: bigint;
  /** A serialized turnpike.v1.ReportRequest. */
  readonly bytes: Uint8Array;
}

export interface ReportSource {
  /** The oldest report not yet acknowledged, or undefined. */
  next(): PendingReport | undefined;
  /** Booked by the controller: may be forgotten. */
  acknowledged(number: bigint): void;
  /** Calls back whenever `next()` may have something new. */
  onPending(listener: () => void): void;
}

/** What the node is, for Hello. */
export interface NodeFacts {
  readonly agentVersion: string;
  /** 32 bytes. */
  readonly wireguardPublicKey: Uint8Array;
  readonly wireguardDriver: 'kernel' | 'userspace';
  readonly ipv6: boolean;
  /** The number of the last report that is in the journal; 0n for none. Absent where there is no journal. */
  readonly lastReport?: bigint;
}

/** Offered by the Sync stream to the presence watcher: sends what changed; drops it silently while not connected. */
export interface PresenceSender {
  send(devices: readonly DevicePresence[]): void;
  /** Called at each new connection: the next `send` must hold everything. */
  onConnected(listener: () => void): void;
}

/** Where the node's identity lies, from one start to the next. */
export interface IdentityStore {
  /** Resolves when it is durable: only then is it used. */
  save(identity: AgentIdentity): Promise<void>;
  /** Throws when there is no room for one: none is asked for then, as the controller keeps a few only. */
  checkRoom(): Promise<void>;
}
