/**
 * The API's answers, as far as the CLI reads them. Bytes are strings of digits, times RFC 3339; null is "none".
 * The whole truth is at /openapi.json; a test keeps the two together.
 */

export interface Account {
  readonly id: string;
  readonly reference: string;
  readonly linked: readonly string[];
  readonly suspendedAt: string | null;
  readonly suspensionReason: string | null;
  readonly createdAt: string;
}

export interface AccountDetail extends Account {
  readonly subscriptions: readonly Subscription[];
}

export interface Tariff {
  readonly id: string;
  readonly name: string;
  readonly volumeBytes: string | null;
  readonly maxDevices: number | null;
  readonly maxConnections: number | null;
  readonly seatPolicy: string;
  readonly sharedKey: string;
  readonly requireHardwareId: boolean;
  readonly uploadBitsPerSecond: number | null;
  readonly downloadBitsPerSecond: number | null;
  readonly speedScope: string;
  readonly throttleBitsPerSecond: number | null;
  readonly thresholds: readonly number[];
  readonly period: string;
  readonly periodDays: number | null;
  readonly rollover: boolean;
  readonly durationDays: number | null;
  readonly graceSeconds: number;
  readonly group: string;
  readonly enforcement: string;
}

export interface TariffChange {
  readonly tariff: Tariff;
  readonly subscriptions: number;
  readonly atOnce: readonly string[];
  readonly fromNextPeriod: readonly string[];
  readonly fromNextRenewal: readonly string[];
}

export interface Reason {
  readonly code: string;
  readonly text: string;
  readonly since: string;
  readonly mend: string | null;
  readonly nodes: readonly string[] | null;
}

export interface Access {
  readonly state: 'open' | 'closed';
  readonly reasons: readonly Reason[];
  readonly wouldClose: readonly Reason[];
}

export interface Subscription {
  readonly id: string;
  readonly accountReference: string;
  readonly tariff: string;
  readonly maxDevices: number | null;
  readonly devices: number;
  readonly period: number;
  readonly periodEndsAt: string | null;
  readonly maxConnections: number | null;
  readonly connections: number;
  readonly volumeBytes: string | null;
  readonly usedBytes: string;
  readonly countedBytes: string;
  readonly throttledBytes: string;
  readonly throttledAt: string | null;
  readonly writtenOffBytes: string;
  readonly remainingBytes: string | null;
  readonly reservedBytes: string;
  readonly timeZone: string;
  readonly starts: string;
  readonly startsAt: string | null;
  readonly expiresAt: string | null;
  readonly endsAt: string | null;
  readonly cancelledAt: string | null;
  readonly nextTariff: string | null;
  readonly enforcement: string;
  readonly access: Access;
  readonly createdAt: string;
}

export interface SubscriptionDetail extends Subscription {
  readonly adjustments: readonly Adjustment[];
}

export interface SubscriptionChange {
  readonly subscription: Subscription;
  readonly when: string;
  readonly newGroup: string | null;
}

export interface Renewal {
  readonly renewal: { readonly untilAt: string };
  readonly subscription: Subscription;
}

export interface Adjustment {
  readonly id: string;
  readonly kind: string;
  readonly bytes: string;
  readonly askedBytes: string | null;
  readonly pending: boolean;
  readonly heldBy: readonly string[];
  readonly leftBytes: string | null;
  readonly expiresAt: string | null;
  readonly reason: string;
  readonly reference: string;
  readonly createdAt: string;
}

export interface Device {
  readonly id: string;
  readonly subscriptionId: string;
  readonly status: string;
  readonly replacedBy: string | null;
  readonly publicKey: string | null;
  readonly address4: string;
  readonly address6: string;
  readonly label: string | null;
  readonly platform: string | null;
  readonly access: Access;
  readonly connectedNodes: readonly string[];
  readonly seatNode: string | null;
  readonly sharedKey: boolean;
  readonly lastSeenDay: string | null;
  readonly uploadBytes: string;
  readonly downloadBytes: string;
  readonly createdAt: string;
  readonly removedAt: string | null;
}

/** A device whose keys were just set; the private one only where the controller made it. */
export interface KeyedDevice {
  readonly device: Device;
  readonly privateKey?: string;
}

export interface Node {
  readonly id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly group: string;
  readonly multiplier: number;
  readonly state: string;
  readonly incarnation: number;
  readonly connected: boolean;
  readonly lastContactAt: string | null;
  readonly appliedRevision: string | null;
  readonly refusals: readonly { readonly id: string; readonly reason: string }[];
  readonly publicKey: string | null;
  readonly agentVersion: string | null;
  readonly driver: string | null;
  readonly ipv6: boolean | null;
  readonly connectedDevices: number;
  readonly createdAt: string;
}

export interface JoinTicket {
  readonly node: Node;
  readonly joinCommand: string;
  readonly token: string;
  readonly pin: string;
  readonly enrolmentAddress: string;
  readonly expiresAt: string;
}

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly enforcement: string;
  readonly dns: readonly string[];
  readonly mtu: number;
  readonly allowedIps: readonly string[];
  readonly keepaliveSeconds: number;
}

export interface UsageLine {
  readonly id: string;
  readonly name: string | null;
  readonly uploadBytes: string;
  readonly downloadBytes: string;
}

export interface DailyUsage {
  readonly period: number;
  readonly timeZone: string;
  readonly usedBytes: string;
  readonly olderBytes: string;
  readonly days: readonly { readonly day: string; readonly nodes: readonly UsageLine[] }[];
}

export interface Usage {
  readonly subscriptionId: string;
  readonly uploadBytes: string;
  readonly downloadBytes: string;
  readonly period: number;
  readonly usedBytes: string;
  readonly countedBytes: string;
  readonly throttledBytes: string;
  readonly writtenOffBytes: string;
  readonly volumeBytes: string | null;
  readonly remainingBytes: string | null;
  readonly devices: readonly UsageLine[];
  readonly nodes: readonly UsageLine[];
  readonly periods: readonly PeriodUsage[];
}

export interface PeriodUsage {
  readonly period: number;
  readonly startsAt: string;
  readonly endsAt: string | null;
  readonly volumeBytes: string | null;
  readonly usedBytes: string;
  readonly countedBytes: string;
  readonly throttledBytes: string;
  readonly writtenOffBytes: string;
}

export interface Event {
  readonly id: string;
  readonly type: string;
  readonly at: string;
  readonly subscriptionId: string | null;
  readonly deviceId: string | null;
  readonly nodeId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface FleetStatus {
  readonly version: string;
  readonly revision: string;
  readonly enforcement: string;
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
  readonly id: string;
  readonly kind: 'subscription' | 'device';
  readonly access: Access;
  readonly enforcement: string;
  readonly verdict: string;
  readonly devices: readonly {
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
  }[];
  readonly nodes: readonly {
    readonly name: string;
    readonly connected: boolean;
    readonly state: string;
    readonly upToDate: boolean;
    readonly reservedBytes: string | null;
    readonly refusals: readonly string[];
  }[];
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly budgetBytes: string | null;
  readonly spentBytes: string;
  readonly expiresAt: string | null;
  readonly lastUsedDay: string | null;
  readonly createdAt: string;
}

/** A key that was just made. */
export interface SecretApiKey {
  readonly apiKey: ApiKey;
  readonly key: string;
}

export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly types: readonly string[] | null;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
  readonly failingSinceAt: string | null;
}

/** A webhook whose secret was just made. */
export interface SecretWebhook {
  readonly webhook: Webhook;
  readonly secret: string;
}

export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly type: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
}

export interface Ca {
  readonly pin: string;
  readonly nextPin: string | null;
  readonly waiting: readonly string[];
}
