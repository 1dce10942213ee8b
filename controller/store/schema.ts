import type { Generated, Insertable, Selectable } from 'kysely';

/**
 * The tables, as migrations/ makes them. bigint where the column is BIGINT, number where it is INTEGER. Times are
 * milliseconds since 1970. No time finer than a day is tied to a device's traffic: there is no session log.
 */
export interface Schema {
  fleet: FleetTable;
  groups: GroupTable;
  tariffs: TariffTable;
  accounts: AccountTable;
  subscriptions: SubscriptionTable;
  periods: PeriodTable;
  adjustments: AdjustmentTable;
  renewals: RenewalTable;
  slots: SlotTable;
  devices: DeviceTable;
  nodes: NodeTable;
  incarnations: IncarnationTable;
  join_tokens: JoinTokenTable;
  certificates: CertificateTable;
  reports: ReportTable;
  grants: GrantTable;
  usage: UsageTable;
  usage_days: UsageDayTable;
  departures: DepartureTable;
  events: EventTable;
  api_keys: ApiKeyTable;
  idempotency_keys: IdempotencyKeyTable;
  webhooks: WebhookTable;
  deliveries: DeliveryTable;
  audit: AuditTable;
  audit_keys: AuditKeyTable;
  data_keys: DataKeyTable;
  erased_accounts: ErasedAccountTable;
  removals: RemovalTable;
  backups: BackupTable;
  audit_anchor: AuditAnchorTable;
  erasures: ErasureTable;
  erasure_nodes: ErasureNodeTable;
  tombstones: TombstoneTable;
}

/** One row. */
export interface FleetTable {
  id: 1;
  /** Counts up with each change of what any node should hold; its upper part is the term (common/term.ts). */
  revision: bigint;
  enforcement: 'observe' | 'enforce';
  /** Since when nodes keep what they have, after a restore (hold/hold.ts); null: they do as they are told. */
  held_at: number | null;
  /** A node that has heard less is told everything, and lets go of whatever else it has. */
  released_revision: bigint;
  /** The address range in use; null before the first start. */
  range4: string | null;
  range6: string | null;
  /** SHA-256 of the CA's certificate, hex: what the nodes were told to trust; null before the first start. */
  ca_pin: string | null;
  /** The same of the CA that is to come; null unless a rollover is under way. */
  next_ca_pin: string | null;
  /** Hashes hardware ids; null before the first one. This and the two below are sealed (vault/vault.ts). */
  hardware_key: Uint8Array | null;
  /** Signs what nodes are told of their grants; null before the first start. */
  voucher_key: Uint8Array | null;
  /** Signs receipts of erasures: Ed25519, PKCS#8; null before the first start. */
  receipt_key: Uint8Array | null;
}

export interface GroupTable {
  id: string;
  name: string;
  enforcement: 'inherit' | 'observe' | 'enforce';
  /** JSON arrays of strings. */
  dns: string;
  allowed_ips: string;
  mtu: number;
  keepalive_seconds: number;
  created_at: number;
}

export interface TariffTable {
  id: string;
  name: string;
  /** null: unlimited. */
  volume_bytes: bigint | null;
  max_devices: number | null;
  /** null: any number. */
  max_connections: number | null;
  /** What happens to one more device when all seats are taken. */
  seat_policy: 'reject-new' | 'evict-oldest';
  /** What a key on two devices leads to beside the event: it counts as one more connection, or nothing. */
  shared_key: 'notify' | 'count';
  require_hardware_id: number;
  /** Bits per second; null: no limit. */
  upload_bits_per_second: bigint | null;
  download_bits_per_second: bigint | null;
  speed_scope: 'device' | 'subscription';
  /** Bits per second, each way, after the volume has ended; null: closed then. */
  throttle_bits_per_second: bigint | null;
  /** JSON array of percents of the volume, rising. */
  thresholds: string;
  /** `once`: the volume is for the subscription's whole life. */
  period_kind: 'once' | 'month' | 'days';
  /** Of kind `days`. */
  period_days: number | null;
  /** Unused volume of a period is added to the next one, once. */
  rollover: number;
  /** How long a subscription lasts; null: until it is ended. */
  duration_days: number | null;
  /** After the expiry, for which service goes on. */
  grace_seconds: number;
  group_id: string;
  enforcement: 'inherit' | 'observe' | 'enforce';
  created_at: number;
}

export interface AccountTable {
  id: string;
  reference: string;
  /** The same in all accounts that are linked with each other; null: with none. */
  link: string | null;
  /** Which API keys confined to a tag may see it (controller/catalogue/reach.ts). Linked accounts have the same one. */
  tag: string | null;
  /** With all its subscriptions, also those to come. */
  suspended_at: number | null;
  suspension_reason: string | null;
  /** Kept and not used: it is suspended, nothing of it is changed or told, and nothing goes by itself. */
  restricted_at: number | null;
  created_at: number;
}

export interface SubscriptionTable {
  id: string;
  /** The billing backend's own. */
  reference: string | null;
  account_id: string;
  tariff_id: string;
  /** Number of the current period; 0: the first one has not begun. */
  period: number;
  suspended_at: number | null;
  suspension_reason: string | null;
  cancelled_at: number | null;
  cancellation_reason: string | null;
  /** Of the IANA time zone database: by it days and months begin. */
  time_zone: string;
  starts: 'date' | 'first-connection';
  /**
   * From when its duration counts; null until the first connection. That moment itself is not kept: it is the local
   * midnight after it.
   */
  starts_at: number | null;
  /** From where its periods are counted (controller/calendar); null with `starts_at`. */
  anchor_at: number | null;
  /** null: it has no end. */
  expires_at: number | null;
  /** What nodes and events were told last of its times (controller/lifetime). */
  phase: 'waiting' | 'running' | 'grace' | 'over';
  /** From the turn of its period on. */
  next_tariff_id: string | null;
  /** Since when there has been nothing left to grant or to use. */
  exhausted_at: number | null;
  created_at: number;
}

/**
 * One row per period that has begun, and one for the next when it was opened beforehand. Bytes are counted ones, as
 * multiplied by the nodes' multipliers; controller/ledger gives the meaning.
 */
export interface PeriodTable {
  subscription_id: string;
  number: number;
  starts_at: number;
  /** The start of the next one; null: it has no end. */
  ends_at: number | null;
  /** The earliest time at which a node can have begun it: it was told so, though the start is another now. */
  usable_from: number;
  /** Sold for this period; null: unlimited. */
  volume: bigint | null;
  /** It takes over what the one before left unused of its volume. */
  rollover: number;
  carried_in: bigint;
  /** Taken back of this period's volume. */
  withdrawn: bigint;
  /** Of a lowered volume, what nodes still hold and is to be taken when it comes back. */
  reduction: bigint;
  /** What this period needed of the packs. */
  drawn: bigint;
  /** The highest percent of the volume that was told as an event. */
  told_percent: number;
  told_exhausted: number;
  /** The next one has begun. */
  turned: number;
}

/**
 * `pack`: volume added, consumed after the period's own; `taken` of it was taken back or has expired. `refund`: `bytes`
 * were asked back, `taken` of them were found so far.
 */
export interface AdjustmentTable {
  id: string;
  subscription_id: string;
  kind: 'pack' | 'refund';
  /** In which it was booked. */
  period: number;
  bytes: bigint;
  taken: bigint;
  /** Of a pack: what was consumed of it when the latest pack was added. */
  spent: bigint;
  /** Of a pack. */
  expires_at: number | null;
  expired: number;
  /** Of a refund: what had been used already when a later pack was added, which it is not taken of. */
  given_up: Generated<bigint>;
  /** Of a refund: nodes still hold some of what was asked. */
  pending: number;
  /** Of a refund: the pack it is to be taken of. */
  pack_id: string | null;
  /** Of a refund: the period whose own volume it may be taken of; null: of packs alone. */
  own_period: number | null;
  /** The adjustment that this one reverses. */
  reverses: string | null;
  /** Of a pack: it came with the renewal of the same reference. */
  of_renewal: Generated<number>;
  reason: string;
  /** The billing backend's own, unique among those that are not of a renewal. */
  reference: string;
  created_at: number;
}

/** What was paid for, so that no payment is booked twice. */
export interface RenewalTable {
  subscription_id: string;
  /** The billing backend's own. */
  reference: string;
  /** Asked for; null when it was a date. */
  periods: number | null;
  from_at: number;
  until_at: number;
  created_at: number;
}

/** One row for each pair of tunnel addresses that was ever given out, without gaps. */
export interface SlotTable {
  slot: number;
  device_id: string | null;
  /** With no device: when it may be given out again. */
  free_at: number | null;
}

export interface DeviceTable {
  id: string;
  subscription_id: string;
  /** Base64. Both null once removed. */
  public_key: string | null;
  /** Sealed. */
  preshared_key: Uint8Array | null;
  address4: string;
  address6: string;
  slot: number;
  label: string | null;
  platform: string | null;
  /** HMAC-SHA-256 of the hardware id, with the subscription; null once removed. */
  hardware_hash: Uint8Array | null;
  /** The device as which the same hardware enrolled again. */
  replaced_by: string | null;
  /** YYYY-MM-DD, UTC. */
  last_seen_day: string | null;
  /** Closed for want of a seat. */
  parked: Generated<number>;
  /** The node on which it holds a seat; no time, which would make a session log of it. */
  seat_node_id: string | null;
  revision: bigint;
  created_at: number;
  removed_at: number | null;
}

export interface NodeTable {
  id: string;
  name: string;
  endpoint_host: string;
  endpoint_port: number;
  group_id: string;
  /** Per mille: what a byte here counts against the volume. */
  multiplier: number;
  /** 0 until enrolled. */
  incarnation: number;
  /** An agent that holds less than this revision gets everything anew: the node came into its group then. */
  floor_revision: bigint;
  public_key: string | null;
  /** When it came with another key than before; null: never. */
  key_changed_at: number | null;
  agent_version: string | null;
  driver: string | null;
  ipv6: number | null;
  /** As the events tell it: 0 before the first contact and once it has been lost for a while. */
  online: Generated<number>;
  created_at: number;
  removed_at: number | null;
}

export interface IncarnationTable {
  node_id: string;
  incarnation: number;
  last_report: bigint;
  /** When it began: it never held what was removed before. */
  since_revision: bigint;
  /** The last term (common/term.ts) in which it told all its totals. */
  told_term: number;
  /** Pin of the CA whose certificate it showed last; null before its first stream. */
  shown_ca_pin: string | null;
  /** The certificate with which its last stream began; null before the first one. */
  shown_serial: string | null;
  quarantined_at: number | null;
  /** Followed by another one, or its node was removed. */
  ended_at: number | null;
  created_at: number;
}

export interface JoinTokenTable {
  /** SHA-256 of the token. */
  hash: Uint8Array;
  node_id: string;
  expires_at: number;
  /** SHA-256 of the key that redeemed it, and what it was given. */
  public_key_hash: Uint8Array | null;
  incarnation: number | null;
  certificate_serial: string | null;
  certificate_der: Uint8Array | null;
  certificate_not_after: number | null;
}

export interface CertificateTable {
  serial: string;
  node_id: string;
  incarnation: number;
  not_after: number;
  revoked_at: number | null;
}

/** What was in a report, so that the same number with other content is noticed. The latest of each incarnation. */
export interface ReportTable {
  node_id: string;
  incarnation: number;
  number: bigint;
  sha256: Uint8Array;
}

/** One row per subscription, period and incarnation of a node: controller/ledger gives the meaning. */
export interface GrantTable {
  subscription_id: string;
  node_id: string;
  incarnation: number;
  period: number;
  /** Per mille, as it was when the row was made. */
  multiplier: number;
  granted: bigint;
  used: bigint;
  written_off: bigint;
  released: bigint;
  beyond: bigint;
  throttled: bigint;
  recall: number;
  recall_answered: number;
  wanting: number;
  rate: bigint;
  allowance: number;
  /** Bytes per second at which more may pass than was granted; 0n: not at all. */
  beyond_rate: bigint;
  ended: number;
  /** Of what the node is told of this row. */
  revision: bigint;
}

/** Totals per device, period of its subscription and incarnation of a node, as the node reported them. */
export interface UsageTable {
  device_id: string;
  node_id: string;
  incarnation: number;
  period: number;
  upload: bigint;
  download: bigint;
}

/**
 * What was booked on each day, by node and for all devices of a subscription together: its rows of a period add up to the
 * period's bill. Rows of long ago may go; the bill is in `grants`.
 */
export interface UsageDayTable {
  subscription_id: string;
  /** By its number. */
  period: number;
  /** YYYY-MM-DD in the subscription's time zone. */
  day: string;
  node_id: string;
  upload: bigint;
  download: bigint;
}

/** Devices that a node held before it was moved into another group. */
export interface DepartureTable {
  node_id: string;
  device_id: string;
  revision: bigint;
}

/** What happened, for billing backends; in order of `id`. */
export interface EventTable {
  id: Generated<number>;
  type: string;
  at: number;
  subscription_id: string | null;
  device_id: string | null;
  node_id: string | null;
  /** JSON object. */
  data: string;
}

/** Keys for the API over TCP. */
export interface ApiKeyTable {
  id: string;
  name: string;
  /** JSON array. */
  scopes: string;
  /** Confined to accounts with this tag; null: to none. */
  tag: string | null;
  /** What it may sell, ever; null: no limit of its own. */
  budget_bytes: bigint | null;
  /** What it has sold, while it had a budget. */
  sold_bytes: Generated<bigint>;
  /** SHA-256 of the key; null: it was rotated since the backup that was restored (backup/remove-again.ts). */
  hash: Uint8Array | null;
  /** Of the one before, until that time. */
  previous_hash: Uint8Array | null;
  previous_until: number | null;
  expires_at: number | null;
  /** YYYY-MM-DD, UTC; never finer. */
  last_used_day: string | null;
  created_at: number;
}

/** Changes that were made with an Idempotency-Key, for a day. */
export interface IdempotencyKeyTable {
  /** Id of the API key, or `socket`. */
  caller: string;
  /** SHA-256 of caller and key. */
  key_hash: Uint8Array;
  /** HMAC-SHA-256 of the request, under the key. */
  fingerprint: Uint8Array;
  status: number;
  /** Encrypted with what only the caller has (controller/idempotency/seal.ts): answers hold private keys. */
  answer: Uint8Array;
  created_at: number;
}

/** Endpoints that events are sent to. */
export interface WebhookTable {
  id: string;
  url: string;
  /** JSON array of event types; null: all. */
  types: string | null;
  /** As the Standard Webhooks convention writes it, sealed. */
  secret: Uint8Array;
  /** Signs too, until that time; sealed. */
  previous_secret: Generated<Uint8Array | null>;
  previous_until: Generated<number | null>;
  /** Id of the last event of which it has a delivery, if it wants one. */
  cursor: number;
  /** Nothing was taken since; null: the last attempt was. */
  failing_since: Generated<number | null>;
  disabled_at: Generated<number | null>;
  disabled_reason: Generated<string | null>;
  created_at: number;
}

/** An event on its way to an endpoint, and the log of it. */
export interface DeliveryTable {
  id: Generated<number>;
  webhook_id: string;
  event_id: number;
  /** Of one subject (a subscription, or a node) one goes after the other. */
  subject: string;
  /** `waiting`: behind another one of its subject. `due`: the first of its subject, at `next_at`. */
  state: 'waiting' | 'due' | 'delivered' | 'failed';
  attempts: Generated<number>;
  next_at: number;
  last_at: Generated<number | null>;
  last_status: Generated<number | null>;
  last_error: Generated<string | null>;
  created_at: number;
}

/** What was done and refused, in order of `id`; never changed, and shortened from its beginning only (controller/audit). */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  /** Id of an API key; `socket`; `controller` for what it does by itself; `unknown` for who gave no key that is known. */
  actor: string;
  /** Of the API key, as it was then. */
  actor_name: string | null;
  /** The Unix user behind the socket. */
  uid: number | null;
  method: string;
  /** As /openapi.json names it. */
  route: string;
  status: number;
  /** The last part of its type, where it was refused. */
  problem: string | null;
  /** How often within a minute; 1 unless it was refused. */
  times: number;
  /** JSON object: ids of what is the operator's own. */
  subject: string;
  /** Stands for the account, and tells nothing of it once its key is gone. */
  account_handle: Uint8Array | null;
  /** JSON object: ids of account, subscription, device; encrypted with the account's key. */
  sealed: Uint8Array | null;
  /** SHA-256 over the hash of the entry before and this one. */
  hash: Uint8Array;
}

/** By account: what its entries in the audit log are encrypted with. Without it they are of nobody. */
export interface AuditKeyTable {
  account_id: string;
  handle: Uint8Array;
  /** Sealed. */
  key: Uint8Array;
}

/** Who was erased, as long as a backup may hold them (backup/removals.ts). */
export interface ErasedAccountTable {
  erasure_id: string;
  /** SHA-256 of the account's id, hex. */
  account_hash: string;
}

/** What else was taken away, as long as a backup may hold it (backup/removals.ts). */
export interface RemovalTable {
  kind: 'api-key' | 'api-key-secret' | 'node' | 'identity' | 'restriction';
  subject: string;
  /** Since when it is refused, or restricted; to come, while a rotation overlaps. */
  at: number;
  backups_until: number;
}

/** That a backup was made: where its disk is not mounted, its directory does not tell (backup/known.ts). */
export interface BackupTable {
  /** Names it, too. */
  created_at: number;
}

/** Under which secrets are sealed (vault/vault.ts). More than one while they are rotated. */
export interface DataKeyTable {
  number: number;
  /** Id of the envelope key under which it is wrapped. */
  envelope: string;
  wrapped: Uint8Array;
  created_at: number;
}

/** One row: where the chain begins, since older entries are no longer kept. */
export interface AuditAnchorTable {
  id: 1;
  /** Of the last entry that is gone; 0: none is. */
  entry_id: number;
  hash: Uint8Array;
}

/** That customers were erased; not who. */
export interface ErasureTable {
  id: string;
  accounts: number;
  subscriptions: number;
  devices: number;
  /** By then no backup is left that was made before. */
  backups_until: number;
  /** The files of the database may still hold something of it. */
  unscrubbed: number;
  created_at: number;
}

/** Nodes on which an erased customer was, in one incarnation of each. */
export interface ErasureNodeTable {
  erasure_id: string;
  node_id: string;
  incarnation: number;
  /** `retired`: that identity of it is over, and nobody will tell what is left there. */
  state: 'pending' | 'erased' | 'retired';
}

/** What a node is to erase still; goes when it has. */
export interface TombstoneTable {
  node_id: string;
  incarnation: number;
  subscription_id: string;
  erasure_id: string;
  revision: bigint;
}

export type Row<Table extends keyof Schema> = Selectable<Schema[Table]>;
export type NewRow<Table extends keyof Schema> = Insertable<Schema[Table]>;
