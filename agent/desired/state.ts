/**
 * Desired state as the agent keeps it: what the controller said last, checked and in the agent's own types
 * (proto/turnpike/v1/sync.proto gives the meaning of each field).
 */
export interface DesiredDevice {
  readonly id: string;
  readonly revision: bigint;
  readonly subscriptionId: string;
  /** Base64, as `wg` writes keys. */
  readonly publicKey: string;
  /** Base64, or undefined for none. */
  readonly presharedKey: string | undefined;
  readonly address4: string;
  readonly address6: string;
  readonly access: 'open' | 'closed' | 'withdrawn';
  /** Absent: the tariff does not limit concurrent connections. */
  readonly seat?: 'free' | 'held';
}

/** Bits per second of inner IP packets; absent: no limit. */
export interface Speed {
  readonly uploadBitsPerSecond?: bigint;
  readonly downloadBitsPerSecond?: bigint;
  /** Of each device, or of all the subscription's devices on this node together. */
  readonly scope: 'device' | 'subscription';
}

export interface DesiredSubscription {
  readonly id: string;
  readonly revision: bigint;
  readonly metering: 'granted' | 'unlimited';
  readonly grantedBytes: bigint;
  readonly allowance: boolean;
  readonly recall: number;
  /** Counts up from 1. All bytes here are of this period, but for `nextGrantedBytes`. */
  readonly period: number;
  /** Milliseconds since 1970 by the controller's clock; absent: this period has no end. */
  readonly periodEndsAt?: number;
  /** What the period after this one was granted beforehand. */
  readonly nextGrantedBytes: bigint;
  /** From then on nothing passes, by the controller's clock; absent: never. */
  readonly endsAt?: number;
  readonly speed?: Speed;
  /** What devices go on with when nothing is left of what was granted; absent: they are closed. */
  readonly throttle?: Speed;
  /** Base64: the controller's word that it granted so much, to be handed back with reports. */
  readonly voucher?: string;
}

export interface NodeSettings {
  readonly listenPort: number;
  /** CIDR. */
  readonly range4: string;
  readonly range6: string;
  /** The node's own tunnel addresses, without prefix length. */
  readonly address4: string;
  readonly address6: string;
  readonly mtu: number;
  readonly validitySeconds: number;
  /** For how long without the controller a device with a free seat may still pass. */
  readonly seatPatienceSeconds: number;
}

/** Removals first, then whole items; what is not named stays as it is. */
export interface DesiredDelta {
  readonly removedDeviceIds: readonly string[];
  readonly removedSubscriptionIds: readonly string[];
  /** Removed with all their devices, and forgotten altogether. */
  readonly erasedSubscriptionIds: readonly string[];
  readonly subscriptions: readonly DesiredSubscription[];
  readonly devices: readonly DesiredDevice[];
}
