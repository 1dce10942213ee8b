import type { ReasonCode } from '../access/reason-words.ts';

/**
 * What the catalogue shows. Bytes are bigint, times are milliseconds since 1970, absent is null. Ids are as in
 * common/ids.ts. Grants stay inside: nothing here speaks of them but `reservedBytes`.
 */

/** `inherit`: the tariff's word counts before the group's, and the group's before the fleet's. */
export type Enforcement = 'observe' | 'enforce';
export type EnforcementChoice = Enforcement | 'inherit';

export interface Account {
  readonly id: string;
  /** The operator's own, opaque to us. */
  readonly reference: string;
  readonly createdAt: number;
}

export interface Tariff {
  readonly id: string;
  readonly name: string;
  /** null: unlimited. */
  readonly volumeBytes: bigint | null;
  /** null: as many as the operator likes. */
  readonly maxDevices: number | null;
  /** Name of the group whose nodes may be used. */
  readonly group: string;
  readonly enforcement: EnforcementChoice;
  readonly createdAt: number;
}

/** Why something may not pass. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for a person. */
  readonly text: string;
  readonly since: number;
  /** What mends it, as a sentence; null where nothing does. */
  readonly mend: string | null;
  /** Names of the nodes that it concerns; null: all of them. */
  readonly nodes: readonly string[] | null;
}

export interface Access {
  readonly state: 'open' | 'closed';
  /** In force. Empty when open. */
  readonly reasons: readonly Reason[];
  /** What would close it, were it not for observe. */
  readonly wouldClose: readonly Reason[];
}

export interface Subscription {
  readonly id: string;
  readonly accountId: string;
  readonly accountReference: string;
  /** Name. */
  readonly tariff: string;
  readonly maxDevices: number | null;
  /** Devices that are not removed. */
  readonly devices: number;
  /** Seats sold: devices that may pass traffic at once. null: any number. */
  readonly maxConnections: number | null;
  /** Seats that are taken now. */
  readonly connections: number;
  /** Sold: the tariff's volume and all adjustments. null: unlimited. */
  readonly volumeBytes: bigint | null;
  /** Billed: what the gates accepted and their nodes reported. */
  readonly usedBytes: bigint;
  /** May have passed while a kernel's counters were destroyed: not billed, not available again. */
  readonly writtenOffBytes: bigint;
  /** volume - used - written off; null: unlimited. */
  readonly remainingBytes: bigint | null;
  /** Of the remaining, what is reserved for nodes just now. */
  readonly reservedBytes: bigint;
  readonly enforcement: Enforcement;
  readonly access: Access;
  readonly createdAt: number;
}

export interface Adjustment {
  readonly id: string;
  readonly subscriptionId: string;
  readonly bytes: bigint;
  readonly reason: string;
  /** The billing backend's own; unique within the subscription, so that no payment is booked twice. */
  readonly reference: string;
  readonly createdAt: number;
}

/** `replaced`: the same hardware enrolled again. `revoked`: removed. */
export type DeviceStatus = 'active' | 'replaced' | 'revoked';

export interface Device {
  readonly id: string;
  readonly subscriptionId: string;
  readonly status: DeviceStatus;
  /** Id of the device that the same hardware is now. */
  readonly replacedBy: string | null;
  /** Base64; null unless active. */
  readonly publicKey: string | null;
  /** Tunnel addresses, without prefix length. */
  readonly address4: string;
  readonly address6: string;
  readonly label: string | null;
  readonly platform: string | null;
  readonly access: Access;
  /** Names of the nodes on which a handshake is younger than 180 s. */
  readonly connectedNodes: readonly string[];
  /** Name of the node on which it holds a seat; null: it holds none, or its tariff needs none. */
  readonly seatNode: string | null;
  /** Its key looks used on two devices at once. */
  readonly sharedKey: boolean;
  /** YYYY-MM-DD, UTC; never finer. */
  readonly lastSeenDay: string | null;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
  readonly createdAt: number;
  readonly removedAt: number | null;
}

export interface Node {
  readonly id: string;
  readonly name: string;
  /** Where clients reach it: HOST:PORT. */
  readonly endpoint: string;
  readonly group: string;
  /** `waiting`: never enrolled. `quarantined`: its state was cloned or rolled back; it must enrol anew. */
  readonly state: 'waiting' | 'enrolled' | 'quarantined';
  /** 0 until enrolled. */
  readonly incarnation: number;
  /** Its Sync stream is up now. */
  readonly connected: boolean;
  /** Last sign of life since this controller started; null: none yet. */
  readonly lastContactAt: number | null;
  /** Revision that it has in force, as it last said since this controller started. */
  readonly appliedRevision: bigint | null;
  readonly refusals: readonly { readonly id: string; readonly reason: string }[];
  /** Base64; null until its agent has said Hello. */
  readonly publicKey: string | null;
  readonly agentVersion: string | null;
  readonly driver: string | null;
  readonly ipv6: boolean | null;
  readonly connectedDevices: number;
  readonly createdAt: number;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly enforcement: EnforcementChoice;
  /** IP addresses; empty: none. */
  readonly dns: readonly string[];
  readonly mtu: number;
  /** CIDR. */
  readonly allowedIps: readonly string[];
  /** 0: none. */
  readonly keepaliveSeconds: number;
  readonly createdAt: number;
}

/** All that a client's configuration needs, but the private key. */
export interface ClientSettings {
  readonly device: {
    readonly presharedKey: string;
    readonly publicKey: string;
    readonly address4: string;
    readonly address6: string;
  };
  readonly node: { readonly name: string; readonly publicKey: string; readonly endpoint: string };
  readonly settings: {
    readonly dns: readonly string[];
    readonly mtu: number;
    readonly allowedIps: readonly string[];
    readonly keepaliveSeconds: number;
  };
}

export interface Usage {
  readonly subscriptionId: string;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
  /** upload + download: what is billed. */
  readonly usedBytes: bigint;
  readonly writtenOffBytes: bigint;
  readonly volumeBytes: bigint | null;
  readonly remainingBytes: bigint | null;
  /** Also removed devices and nodes: what they used stays billed. */
  readonly devices: readonly UsageLine[];
  readonly nodes: readonly UsageLine[];
}

export interface UsageLine {
  readonly id: string;
  /** A device's label, a node's name. */
  readonly name: string | null;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
}

export interface FleetStatus {
  readonly revision: bigint;
  readonly enforcement: Enforcement;
  readonly range4: string;
  readonly range6: string;
  readonly accounts: number;
  readonly subscriptions: number;
  readonly devices: number;
  readonly connectedDevices: number;
  readonly addressesFree: number;
  readonly nodes: readonly Node[];
}

export interface Explanation {
  /** What was asked about. */
  readonly id: string;
  readonly kind: 'subscription' | 'device';
  readonly access: Access;
  readonly enforcement: Enforcement;
  /** One sentence: is it we, or is it that nothing arrives. */
  readonly verdict: string;
  readonly devices: readonly DeviceExplanation[];
  readonly nodes: readonly NodeExplanation[];
}

export interface DeviceExplanation {
  readonly id: string;
  readonly label: string | null;
  readonly access: Access;
  readonly verdict: string;
  readonly presence: readonly {
    readonly node: string;
    readonly handshake: boolean;
    readonly passing: boolean;
    readonly refused: boolean;
  }[];
}

export interface NodeExplanation {
  readonly name: string;
  readonly connected: boolean;
  readonly state: Node['state'];
  /** The node has in force what the controller wants. */
  readonly upToDate: boolean;
  /** Of the subscription, here. Only what was reported; null: unlimited. */
  readonly reservedBytes: bigint | null;
  /** What the node could not apply of this subscription or its devices. */
  readonly refusals: readonly string[];
}
