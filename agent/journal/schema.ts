/**
 * One row per device and per subscription, the controller's part beside the node's own: 10,000 additions are 20,000
 * rows. Rows stay when the controller removes the item (`revision` becomes NULL, keys are wiped): totals are kept for
 * longer than the controller's backups. Of periods that are over, one row holds the totals of all devices, as JSON.
 */
export const schemaVersion = 1;

export const schema = `
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
  id              TEXT PRIMARY KEY,
  subscription_id TEXT NOT NULL,
  revision        INTEGER,
  public_key      TEXT,
  preshared_key   TEXT,
  address4        TEXT,
  address6        TEXT,
  access          TEXT,
  seat            TEXT,
  period          INTEGER NOT NULL DEFAULT 1,
  upload          INTEGER NOT NULL DEFAULT 0,
  download        INTEGER NOT NULL DEFAULT 0,
  counted_a       TEXT,
  upload_a        INTEGER NOT NULL DEFAULT 0,
  download_a      INTEGER NOT NULL DEFAULT 0,
  counted_b       TEXT,
  upload_b        INTEGER NOT NULL DEFAULT 0,
  download_b      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE subscription (
  id              TEXT PRIMARY KEY,
  revision        INTEGER,
  metering        TEXT,
  granted         INTEGER NOT NULL DEFAULT 0,
  allowance       INTEGER NOT NULL DEFAULT 0,
  recall          INTEGER NOT NULL DEFAULT 0,
  period          INTEGER NOT NULL DEFAULT 1,
  period_ends_at  INTEGER,
  next_granted    INTEGER NOT NULL DEFAULT 0,
  ends_at         INTEGER,
  speed           TEXT,
  throttle        TEXT,
  voucher         TEXT,
  account_period  INTEGER NOT NULL DEFAULT 1,
  account_since   INTEGER NOT NULL DEFAULT 1,
  highest_granted INTEGER NOT NULL DEFAULT 0,
  highest_next    INTEGER NOT NULL DEFAULT 0,
  armed           INTEGER NOT NULL DEFAULT 0,
  written_off     INTEGER NOT NULL DEFAULT 0,
  released        INTEGER NOT NULL DEFAULT 0,
  recall_answered INTEGER NOT NULL DEFAULT 0,
  disturbed       INTEGER NOT NULL DEFAULT 0,
  highest_voucher TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE closed_period (
  subscription_id TEXT NOT NULL,
  period          INTEGER NOT NULL,
  since           INTEGER NOT NULL,
  granted         INTEGER NOT NULL,
  written_off     INTEGER NOT NULL,
  released        INTEGER NOT NULL,
  recall_answered INTEGER NOT NULL,
  devices         TEXT NOT NULL,
  voucher         TEXT,
  PRIMARY KEY (subscription_id, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE erasing (
  subscription_id TEXT PRIMARY KEY,
  last_report     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  number INTEGER PRIMARY KEY,
  bytes  BLOB NOT NULL
) STRICT;
`;
