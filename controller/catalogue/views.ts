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
  /** API keys can be confined to it; linked accounts have the same one. */
  readonly tag: string | null;
  /** References of the accounts that it is linked with. */
  readonly linked: readonly string[];
  /** Then all its subscriptions are closed, also those to come. */
  readonly suspendedAt: number | null;
  readonly suspensionReason: string | null;
  /** Since when it is kept and not used; or null. */
  readonly restrictedAt: number | null;
  readonly createdAt: number;
}

export interface AccountDetail extends Account {
  readonly subscriptions: readonly Subscription[];
}

/** After a call that reaches linked accounts too. */
export interface AccountChange extends AccountDetail {
  /** References of those that it changed. */
  readonly changed: readonly string[];
}

/** What a tariff sells. Speeds are in bits per second of inner IP packets. */
export interface TariffLimits {
  /** Of each period; null: unlimited. */
  readonly volumeBytes: bigint | null;
  /** null: as many as the operator likes. */
  readonly maxDevices: number | null;
  /** Devices that may pass traffic at once, over all nodes; null: any number. */
  readonly maxConnections: number | null;
  /** What one more device gets when all seats are taken. */
  readonly seatPolicy: 'reject-new' | 'evict-oldest';
  /** A key on two devices: `count` makes it one more connection; both are told of as an event. */
  readonly sharedKey: 'notify' | 'count';
  readonly requireHardwareId: boolean;
  /** null: no limit. */
  readonly uploadBitsPerSecond: number | null;
  readonly downloadBitsPerSecond: number | null;
  /** Whether each device has that speed, or all of the subscription on a node share it. */
  readonly speedScope: 'device' | 'subscription';
  /** Each way, once the volume is used up; null: closed then. */
  readonly throttleBitsPerSecond: number | null;
  /** Percents of the volume, rising, each of which is an event once per period. */
  readonly thresholds: readonly number[];
  /** `once`: the volume is for the whole life. `month`: the calendar month of the subscription's time zone. */
  readonly period: 'once' | 'month' | 'days';
  /** Of period `days`; null for the others. */
  readonly periodDays: number | null;
  /** What a period leaves over is added to the next one, once. */
  readonly rollover: boolean;
  /** From a subscription's start to its expiry; null: it has no expiry of its own. */
  readonly durationDays: number | null;
  /** After the expiry, for which service goes on. */
  readonly graceSeconds: number;
}

export interface Tariff extends TariffLimits {
  readonly id: string;
  readonly name: string;
  /** Name of the group whose nodes may be used. */
  readonly group: string;
  readonly enforcement: EnforcementChoice;
  readonly createdAt: number;
}

/** What came of a change. Fields that were given but are as before are in no list. */
export interface TariffChange {
  readonly tariff: Tariff;
  /** Of the tariff, that are not cancelled. */
  readonly subscriptions: number;
  /** That change to it with their next period: all of it is in force for them from then on. */
  readonly waiting: number;
  /** Names of the fields that are in force for them now, from their next period on, from their next renewal on. */
  readonly atOnce: readonly string[];
  readonly fromNextPeriod: readonly string[];
  readonly fromNextRenewal: readonly string[];
}

/** Why something may not pass. */
export interface Reason {
  readonly code: ReasonCode;
  /** One sentence for a person. */
  readonly text: string;
  readonly since: number;
  /** What mends it, as a sentence; null where nothing does. */
  readonly mend: string | null;
  /** Names of the nodes on which it is closed for sure; null: all of them (access/unheard.ts). */
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
  /** The billing backend's own. */
  readonly reference: string | null;
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
  /** Number of the current period, from 1; 0 before the first one. What follows is of this period. */
  readonly period: number;
  /** null: it has no end. */
  readonly periodEndsAt: number | null;
  /** Sold: the period's volume, what was carried in, and what packs had left at its beginning. null: unlimited. */
  readonly volumeBytes: bigint | null;
  /** Billed: what the gates accepted and their nodes reported. */
  readonly usedBytes: bigint;
  /** What of it counts against the volume, by the nodes' multipliers. */
  readonly countedBytes: bigint;
  /** Of the used, what passed slowly after the volume had ended: it does not count. */
  readonly throttledBytes: bigint;
  /** Since when it goes slowly because the volume has ended; null: it does not. */
  readonly throttledAt: number | null;
  /** May have passed while a kernel's counters were destroyed: not billed, not available again. */
  readonly writtenOffBytes: bigint;
  /** volume - counted - written off (as it counts); null: unlimited. */
  readonly remainingBytes: bigint | null;
  /** Of the remaining, what is reserved for nodes just now. */
  readonly reservedBytes: bigint;
  /** Of the IANA time zone database. */
  readonly timeZone: string;
  readonly starts: 'date' | 'first-connection';
  /** From when its duration counts; null: not known before its first connection. */
  readonly startsAt: number | null;
  /** null: it has no end. */
  readonly expiresAt: number | null;
  /** When service ends: the expiry and the tariff's grace. */
  readonly endsAt: number | null;
  readonly cancelledAt: number | null;
  /** Name of the tariff that it has from its next period on. */
  readonly nextTariff: string | null;
  readonly enforcement: Enforcement;
  readonly access: Access;
  readonly createdAt: number;
}

/** What came of another tariff. */
export interface SubscriptionChange {
  readonly subscription: Subscription;
  readonly when: 'now' | 'next-period';
  /** Name of the group whose nodes serve its devices then; null: the same as before. */
  readonly newGroup: string | null;
}

export interface Renewal {
  readonly subscriptionId: string;
  /** The billing backend's own; unique within the subscription's renewals and within all others, so that no payment is booked twice. */
  readonly reference: string;
  /** Asked for; null when it was a date. */
  readonly periods: number | null;
  /** The expiry before, or the moment of the renewal where service had ended. */
  readonly fromAt: number;
  readonly untilAt: number;
  readonly createdAt: number;
}

/** Of one reference. */
export interface Bookings {
  readonly adjustments: readonly Adjustment[];
  readonly renewals: readonly Renewal[];
}

export interface Adjustment {
  readonly id: string;
  readonly subscriptionId: string;
  /** `renewal`: what a renewal of a tariff with one period added. */
  readonly kind: 'top-up' | 'renewal' | 'refund' | 'reversal';
  /** Number of the period in which it was booked. */
  readonly period: number;
  /** Added to the volume; below zero: taken back, as far as it was found. */
  readonly bytes: bigint;
  /** Of what takes back: how much was asked. */
  readonly askedBytes: bigint | null;
  /** Some of what was asked is not taken yet: nodes hold it. */
  readonly pending: boolean;
  /** While it is pending: the nodes that hold some of the volume. */
  readonly heldBy: readonly string[];
  /** Of what adds (a pack): what is not used, taken back or expired. */
  readonly leftBytes: bigint | null;
  /** Of a pack; null: never. */
  readonly expiresAt: number | null;
  /** Of what takes back: the pack of which alone it is taken. */
  readonly pack: string | null;
  /** The adjustment that it reverses. */
  readonly reverses: string | null;
  readonly reason: string;
  /** The billing backend's own; unique within the subscription's renewals and within all others, so that no payment is booked twice. */
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
  /** What a byte here counts against volumes, from the next period of each on. */
  readonly multiplier: number;
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
  /** When its agent came with another key than before: configurations of before then do not reach it. null: never. */
  readonly keyChangedAt: number | null;
  readonly agentVersion: string | null;
  readonly driver: string | null;
  readonly ipv6: boolean | null;
  readonly connectedDevices: number;
  /** Of the newest certificate of its incarnation; null: it has none. */
  readonly certificateExpiresAt: number | null;
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
  /** What follows is of this period; 0 before the first one. */
  readonly period: number;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
  /** upload + download: what is billed. */
  readonly usedBytes: bigint;
  /** What of it counts against the volume. */
  readonly countedBytes: bigint;
  /** What of it passed slowly, and does not count. */
  readonly throttledBytes: bigint;
  readonly writtenOffBytes: bigint;
  readonly volumeBytes: bigint | null;
  readonly remainingBytes: bigint | null;
  /** Also removed devices and nodes: what they used stays billed. */
  readonly devices: readonly UsageLine[];
  readonly nodes: readonly UsageLine[];
  /** All that have begun. */
  readonly periods: readonly PeriodUsage[];
}

/** Of a period that is over it still grows while nodes report late. */
export interface PeriodUsage {
  readonly period: number;
  readonly startsAt: number;
  readonly endsAt: number | null;
  /** Of this period, and what it took of packs; null: unlimited. */
  readonly volumeBytes: bigint | null;
  readonly usedBytes: bigint;
  readonly countedBytes: bigint;
  readonly throttledBytes: bigint;
  readonly writtenOffBytes: bigint;
}

/** What was booked in a period, by day. The days and `olderBytes` add up to `usedBytes`, which is the bill. */
export interface DailyUsage {
  readonly subscriptionId: string;
  readonly period: number;
  /** By whose calendar days begin. */
  readonly timeZone: string;
  readonly usedBytes: bigint;
  /** Of days that are no longer kept. */
  readonly olderBytes: bigint;
  /** Those on which something was booked, in their order. */
  readonly days: readonly UsageDay[];
}

export interface UsageDay {
  /** YYYY-MM-DD. */
  readonly day: string;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
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
  /** After a restore: names of the nodes that must tell their totals before anything is granted. */
  readonly awaitedNodes: readonly string[];
  /** After a restore: names of API keys that were rotated since the backup, so that nobody knows one that is accepted. */
  readonly keysToRotate: readonly string[];
  /** After a restore: since when nodes keep what they have; null: they do not. */
  readonly heldAt: number | null;
  readonly nodes: readonly Node[];
}

/** Who passes most traffic now. */
export interface Heaviest {
  /** Subscriptions that pass any. */
  readonly passing: number;
  readonly items: readonly HeavySubscription[];
}

export interface HeavySubscription
  extends Pick<Subscription, 'accountReference' | 'tariff' | 'usedBytes' | 'remainingBytes'> {
  readonly subscriptionId: string;
  readonly bytesPerSecond: bigint;
  /** Of its devices, those that pass traffic now. */
  readonly devices: number;
  /** Of its devices, those whose key looks used on two devices at once; they need not pass anything. */
  readonly sharedKeys: number;
  /** Names. */
  readonly nodes: readonly string[];
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
