/**
 * The gate as values: what the table in the kernel holds. The reconcile loop decides a desired model, `plan.ts` says
 * what differs, `apply` does that in one nft transaction. Addresses are written as the kernel prints them (RFC 5952).
 */
export interface GateModel {
  /** By device id. An address belongs to one device only. */
  readonly devices: ReadonlyMap<string, GateDevice>;
  /** Quota objects by name (letters, digits, `_`, at most 60); fresh names only, never raised in place. */
  readonly quotas: ReadonlyMap<string, GateQuota>;
  /** Speed limits by name, of the same letters; fresh names only, never changed in place. */
  readonly limits: ReadonlyMap<string, GateLimit>;
}

export interface GateDevice {
  readonly address4: string;
  readonly address6: string;
  readonly pass: Pass;
  /**
   * WireGuard has no session with it yet and would drop what comes for it: downloads are refused and not counted, until
   * its first packet, upon which the kernel forgets the mark by itself, or until it is taken away. Absent: heard.
   */
  readonly unheard?: boolean;
  /**
   * Monotonic milliseconds (common/clock.ts): then the kernel closes it by itself. Absent: never; past: it is closed.
   * Another end for a device on its allowance needs another generation.
   */
  readonly endsAt?: number | undefined;
  /** Absent: as fast as it goes. */
  readonly speed?: GateSpeed | undefined;
}

/**
 * The limits that a device's packets pass, both families together; what is over one of them is dropped before it uses any
 * quota or is counted. `pace` is meant for one device, `pool` for several: what goes beyond the pace takes nothing of
 * the pool. Absent: no limit there.
 */
export interface GateSpeed {
  readonly paceUp?: string;
  readonly paceDown?: string;
  readonly poolUp?: string;
  readonly poolDown?: string;
}

/** How a device passes. `closed` devices keep their counters. */
export type Pass =
  | { readonly kind: 'closed' }
  | { readonly kind: 'unlimited' }
  /** On its own idle allowance; another generation than the one in the kernel means: arm it afresh. */
  | { readonly kind: 'allowance'; readonly generation: number }
  /** On its subscription's quota object. */
  | { readonly kind: 'quota'; readonly quota: string };

export interface GateQuota {
  readonly bytes: bigint;
}

/** Bytes of inner IP packets; what was not used of one second may come at once. */
export interface GateLimit {
  readonly bytesPerSecond: bigint;
}

/** What stays the same while the node runs; another frame means: make the chains anew (elements and counters stay). */
export interface GateFrame {
  readonly interfaceName: string;
  readonly range4: string;
  readonly range6: string;
  readonly address4: string;
  readonly address6: string;
  /** The node can carry IPv6; otherwise it is refused at once, so that clients fall back. */
  readonly ipv6: boolean;
  readonly mtu: number;
}

/** One life of the kernel's counters: another table or another boot is another epoch. Compare both fields. */
export interface Epoch {
  readonly bootId: string;
  /**
   * What names this table among all that were ever made: the random tag that `create` gave it and a kernel handle. The
   * table's own handle alone would not do: it starts again at 1 in a new network namespace of the same boot.
   */
  readonly table: string;
}

/** Totals of one device since the epoch began, bytes of inner IP packets that the gate accepted. */
export interface DeviceCounters {
  readonly upload: bigint;
  readonly download: bigint;
}

export interface GateReading {
  readonly epoch: Epoch;
  /** Bytes that may still pass each quota object; read before the counters, so never too small against them. */
  readonly quotaRemaining: ReadonlyMap<string, bigint>;
  /** By tunnel address (an address is of one device only, IPv4 and IPv6 apart). */
  readonly counters: ReadonlyMap<string, DeviceCounters>;
}

/**
 * The gate of this node. All methods throw CommandError / TurnpikeError `environment`; one call at a time (the
 * reconcile loop is serial).
 */
export interface Gate {
  /** The life of the table that is in the kernel now, or undefined when there is no table of ours. */
  epoch(): Promise<Epoch | undefined>;
  /** Deletes our table if there is one and makes a new, empty one: everything is closed. */
  create(frame: GateFrame): Promise<Epoch>;
  /** Brings rules and chains of an existing table up to this frame; sets, maps, counters, quotas stay untouched. */
  reframe(frame: GateFrame): Promise<void>;
  /** Reads back what the table holds, for adopting it after a restart and for finding drift. Keyed by address. */
  observe(): Promise<ObservedGate>;
  /**
   * One transaction from `from` to `to`. Validity: grant elements end by themselves after so many seconds, at the end of
   * their device if that comes first. Where the kernel holds more or less of `from` than was thought (an element ended by itself, somebody deleted one)
   * it still ends at `to`; it fails, changing nothing, when a quota or a set is missing or an address is on another
   * quota or limit than `from` says.
   */
  apply(from: GateModel, to: GateModel, validitySeconds: number): Promise<void>;
  /** Gives the grant elements of this model their full validity again; quotas and counters stay as they are. */
  renew(model: GateModel, validitySeconds: number): Promise<void>;
  /**
   * Quotas first, counters second, and the epoch they belong to; undefined when the table is gone. Takes about 15 ms
   * of CPU time per 1,000 devices.
   * @throws when the signal ends it: nothing was read then.
   */
  read(signal?: AbortSignal): Promise<GateReading | undefined>;
  /** Removes the table, after reading it. */
  remove(): Promise<void>;
  /** Lets the bell ring again; it rings once. */
  resetBell(bell: Bell): Promise<void>;
  /**
   * Calls `onEvent` soon (tens of ms) after somebody touched our table, a quota object ran dry or the ruleset was
   * flushed. A hint only: the loop looks for itself. `ended` resolves when the watch broke; start it again.
   */
  watch(onEvent: (event: GateEvent) => void): { readonly ended: Promise<void>; stop(): void };
}

/**
 * What the kernel tells by itself, long before a beat would find it: `arrival`, devices on their idle allowance passed
 * more than a few packets since the bell was reset; `refusal`, something that came from a device was not accepted.
 */
export type Bell = 'arrival' | 'refusal';

/** A bell, somebody else's change of our table, or a quota that ran dry, by its name. */
export type GateEvent = Bell | 'touched' | { readonly exhausted: string };

/** What is in the kernel, by tunnel address. */
export interface ObservedGate {
  /** Addresses that have counters in both directions. */
  readonly counted: ReadonlySet<string>;
  readonly unlimited: ReadonlySet<string>;
  readonly allowance: ReadonlySet<string>;
  readonly quotaOf: ReadonlyMap<string, string>;
  /** A device is heard on each address by itself. */
  readonly unheard: ReadonlySet<string>;
  /** Seconds, rounded down, after which the kernel closes what passes without limit or on its allowance. */
  readonly endsIn: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, GateLimit>;
  readonly speedOf: ReadonlyMap<string, GateSpeed>;
  readonly quotas: ReadonlyMap<string, GateQuota>;
}
