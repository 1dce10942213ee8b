import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** BIGINT and INTEGER are the same to SQLite; they say how a column is read (node-sqlite.ts). */
const statements = [
  `CREATE TABLE fleet (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL,
    enforcement TEXT NOT NULL CHECK (enforcement IN ('observe', 'enforce')),
    range4 TEXT,
    range6 TEXT,
    ca_pin TEXT,
    hardware_key_sha256 BLOB
  )`,
  `INSERT INTO fleet (id, revision, enforcement) VALUES (1, 0, 'enforce')`,
  `CREATE TABLE groups (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    enforcement TEXT NOT NULL CHECK (enforcement IN ('inherit', 'observe', 'enforce')),
    dns TEXT NOT NULL,
    allowed_ips TEXT NOT NULL,
    mtu INTEGER NOT NULL,
    keepalive_seconds INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  )`,
  `CREATE TABLE tariffs (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    volume_bytes BIGINT CHECK (volume_bytes > 0),
    max_devices INTEGER CHECK (max_devices > 0),
    max_connections INTEGER CHECK (max_connections > 0),
    seat_policy TEXT NOT NULL CHECK (seat_policy IN ('reject-new', 'evict-oldest')),
    shared_key TEXT NOT NULL CHECK (shared_key IN ('notify', 'count')),
    require_hardware_id INTEGER NOT NULL,
    upload_bits_per_second BIGINT CHECK (upload_bits_per_second > 0),
    download_bits_per_second BIGINT CHECK (download_bits_per_second > 0),
    speed_scope TEXT NOT NULL CHECK (speed_scope IN ('device', 'subscription')),
    throttle_bits_per_second BIGINT CHECK (throttle_bits_per_second > 0),
    thresholds TEXT NOT NULL,
    period_kind TEXT NOT NULL CHECK (period_kind IN ('once', 'month', 'days')),
    period_days INTEGER CHECK (period_days > 0),
    rollover INTEGER NOT NULL,
    duration_days INTEGER CHECK (duration_days > 0),
    grace_seconds INTEGER NOT NULL CHECK (grace_seconds >= 0),
    group_id TEXT NOT NULL REFERENCES groups (id),
    enforcement TEXT NOT NULL CHECK (enforcement IN ('inherit', 'observe', 'enforce')),
    created_at INTEGER NOT NULL
  )`,
  `CREATE INDEX tariffs_by_group ON tariffs (group_id)`,
  `CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  )`,
  `CREATE TABLE subscriptions (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    tariff_id TEXT NOT NULL REFERENCES tariffs (id),
    volume_bytes BIGINT CHECK (volume_bytes >= 0),
    suspended_at INTEGER,
    suspension_reason TEXT,
    cancelled_at INTEGER,
    cancellation_reason TEXT,
    time_zone TEXT NOT NULL,
    starts TEXT NOT NULL CHECK (starts IN ('date', 'first-connection')),
    starts_at INTEGER,
    anchor_at INTEGER,
    expires_at INTEGER,
    phase TEXT NOT NULL CHECK (phase IN ('waiting', 'running', 'grace', 'over')),
    next_tariff_id TEXT REFERENCES tariffs (id),
    exhausted_at INTEGER,
    created_at INTEGER NOT NULL
  )`,
  `CREATE INDEX subscriptions_by_account ON subscriptions (account_id)`,
  `CREATE INDEX subscriptions_by_tariff ON subscriptions (tariff_id)`,
  `CREATE TABLE adjustments (
    id TEXT NOT NULL PRIMARY KEY,
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    bytes BIGINT NOT NULL,
    reason TEXT NOT NULL,
    reference TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (subscription_id, reference)
  )`,
  `CREATE INDEX subscriptions_waiting ON subscriptions (starts_at) WHERE phase = 'waiting'`,
  `CREATE INDEX subscriptions_running ON subscriptions (expires_at) WHERE phase IN ('running', 'grace')`,
  `CREATE TABLE renewals (
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    reference TEXT NOT NULL,
    periods INTEGER,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (subscription_id, reference)
  )`,
  `CREATE TABLE slots (
    slot INTEGER NOT NULL PRIMARY KEY,
    device_id TEXT UNIQUE,
    free_at INTEGER,
    CHECK ((device_id IS NULL) = (free_at IS NOT NULL))
  )`,
  `CREATE INDEX slots_free ON slots (slot) WHERE device_id IS NULL`,
  `CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    public_key TEXT UNIQUE,
    preshared_key TEXT,
    address4 TEXT NOT NULL,
    address6 TEXT NOT NULL,
    slot INTEGER NOT NULL,
    label TEXT,
    platform TEXT,
    hardware_hash BLOB,
    replaced_by TEXT,
    last_seen_day TEXT,
    parked INTEGER NOT NULL DEFAULT 0,
    seat_node_id TEXT,
    revision BIGINT NOT NULL,
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    CHECK ((public_key IS NULL) = (removed_at IS NOT NULL)),
    CHECK (removed_at IS NULL OR hardware_hash IS NULL)
  )`,
  `CREATE UNIQUE INDEX devices_by_hardware ON devices (subscription_id, hardware_hash)`,
  `CREATE INDEX devices_by_subscription ON devices (subscription_id)`,
  `CREATE INDEX devices_by_revision ON devices (revision)`,
  `CREATE TABLE nodes (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    endpoint_host TEXT NOT NULL,
    endpoint_port INTEGER NOT NULL,
    group_id TEXT NOT NULL REFERENCES groups (id),
    incarnation INTEGER NOT NULL,
    floor_revision BIGINT NOT NULL,
    public_key TEXT,
    agent_version TEXT,
    driver TEXT,
    ipv6 INTEGER,
    online INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    removed_at INTEGER
  )`,
  `CREATE UNIQUE INDEX nodes_by_name ON nodes (name) WHERE removed_at IS NULL`,
  `CREATE UNIQUE INDEX nodes_by_public_key ON nodes (public_key) WHERE removed_at IS NULL`,
  `CREATE TABLE incarnations (
    node_id TEXT NOT NULL REFERENCES nodes (id),
    incarnation INTEGER NOT NULL,
    last_report BIGINT NOT NULL,
    since_revision BIGINT NOT NULL,
    quarantined_at INTEGER,
    ended_at INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (node_id, incarnation)
  )`,
  `CREATE TABLE join_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    node_id TEXT NOT NULL REFERENCES nodes (id),
    expires_at INTEGER NOT NULL,
    public_key_hash BLOB,
    incarnation INTEGER,
    certificate_serial TEXT,
    certificate_der BLOB,
    certificate_not_after INTEGER
  )`,
  `CREATE INDEX join_tokens_by_node ON join_tokens (node_id)`,
  `CREATE TABLE certificates (
    serial TEXT NOT NULL PRIMARY KEY,
    node_id TEXT NOT NULL REFERENCES nodes (id),
    incarnation INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    revoked_at INTEGER
  )`,
  `CREATE INDEX certificates_by_node ON certificates (node_id)`,
  `CREATE TABLE reports (
    node_id TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    number BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (node_id, incarnation, number),
    FOREIGN KEY (node_id, incarnation) REFERENCES incarnations (node_id, incarnation)
  )`,
  // The last checks of the ledger's invariants stand here, behind the arithmetic.
  `CREATE TABLE grants (
    subscription_id TEXT NOT NULL REFERENCES subscriptions (id),
    node_id TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    granted BIGINT NOT NULL,
    used BIGINT NOT NULL CHECK (used >= 0),
    written_off BIGINT NOT NULL CHECK (written_off >= 0),
    released BIGINT NOT NULL CHECK (released >= 0),
    recall INTEGER NOT NULL,
    recall_answered INTEGER NOT NULL,
    wanting INTEGER NOT NULL,
    rate BIGINT NOT NULL,
    allowance INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (subscription_id, node_id, incarnation),
    FOREIGN KEY (node_id, incarnation) REFERENCES incarnations (node_id, incarnation),
    CHECK (granted >= used + written_off + released)
  )`,
  `CREATE INDEX grants_by_node ON grants (node_id, incarnation, revision)`,
  `CREATE INDEX grants_wanting ON grants (subscription_id) WHERE wanting = 1`,
  `CREATE TABLE usage (
    device_id TEXT NOT NULL REFERENCES devices (id),
    node_id TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    upload BIGINT NOT NULL CHECK (upload >= 0),
    download BIGINT NOT NULL CHECK (download >= 0),
    PRIMARY KEY (device_id, node_id, incarnation),
    FOREIGN KEY (node_id, incarnation) REFERENCES incarnations (node_id, incarnation)
  )`,
  `CREATE TABLE departures (
    node_id TEXT NOT NULL REFERENCES nodes (id),
    device_id TEXT NOT NULL REFERENCES devices (id),
    revision BIGINT NOT NULL,
    PRIMARY KEY (node_id, device_id)
  )`,
  `CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    subscription_id TEXT,
    device_id TEXT,
    node_id TEXT,
    data TEXT NOT NULL
  )`,
  `CREATE INDEX events_by_subscription ON events (subscription_id, id)`,
  `CREATE INDEX events_by_type ON events (type, id)`,
  `CREATE INDEX events_by_time ON events (at)`,
  `CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    hash BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
  )`,
];

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
