import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { SettingName } from '../../common/inventory/node.ts';
import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import type { Account } from '../grants/account.ts';
import type { ClosedPeriod } from '../grants/period.ts';
import type { Meter } from '../meter/meter.ts';
import type { JournalChange } from './state.ts';
import { stringify } from './text.ts';

type Values = readonly SQLInputValue[];

const deviceColumns = ['revision', 'public_key', 'preshared_key', 'address4', 'address6', 'access', 'seat'];
const deviceValues = (device: DesiredDevice): Values => [
  device.revision,
  device.publicKey,
  device.presharedKey ?? null,
  device.address4,
  device.address6,
  device.access,
  device.seat ?? null,
];

const meterColumns = [
  ...['period', 'upload', 'download'],
  ...['counted_a', 'upload_a', 'download_a'],
  ...['counted_b', 'upload_b', 'download_b'],
];
const meterValues = ({ period, upload, download, counted: [a, b] }: Meter): Values => [
  period,
  upload,
  download,
  a?.address ?? null,
  a?.upload ?? 0n,
  a?.download ?? 0n,
  b?.address ?? null,
  b?.upload ?? 0n,
  b?.download ?? 0n,
];

const subscriptionColumns = [
  ...['revision', 'metering', 'granted', 'allowance', 'recall'],
  ...['period', 'period_ends_at', 'next_granted', 'ends_at', 'speed', 'throttle', 'voucher'],
];
const subscriptionValues = (item: DesiredSubscription): Values => [
  item.revision,
  item.metering,
  item.grantedBytes,
  item.allowance ? 1 : 0,
  item.recall,
  item.period,
  item.periodEndsAt ?? null,
  item.nextGrantedBytes,
  item.endsAt ?? null,
  item.speed ? stringify(item.speed) : null,
  item.throttle ? stringify(item.throttle) : null,
  item.voucher ?? null,
];

const accountColumns = [
  'account_period',
  'account_since',
  'highest_granted',
  'highest_next',
  'armed',
  'written_off',
  'released',
  'recall_answered',
  'disturbed',
  'highest_voucher',
];
const accountValues = (account: Account): Values => [
  account.period,
  account.since,
  account.granted,
  account.nextGranted,
  account.armed,
  account.writtenOff,
  account.released,
  account.recall,
  account.disturbed ? 1 : 0,
  account.voucher ?? null,
];

/** Returns the function that writes a change, inside a transaction of the caller's. */
export function prepareWriter(database: DatabaseSync): (change: JournalChange) => void {
  const removeDevice = database.prepare(
    'UPDATE device SET revision = NULL, public_key = NULL, preshared_key = NULL, access = NULL WHERE id = ?',
  );
  const removeSubscription = database.prepare('UPDATE subscription SET revision = NULL WHERE id = ?');
  const writeDevices = pairedWriter(
    database,
    'device',
    ['id', 'subscription_id'],
    [deviceColumns, meterColumns],
  );
  const writeSubscriptions = pairedWriter(
    database,
    'subscription',
    ['id'],
    [subscriptionColumns, accountColumns],
  );
  const writeClosed = closedWriter(database);
  const writeErasing = erasingWriter(database);
  const writeSettings = settingsWriter(database);
  return (change) => {
    for (const id of change.removedDevices ?? []) removeDevice.run(id);
    for (const id of change.removedSubscriptions ?? []) removeSubscription.run(id);
    const meters = byKey(change.meters ?? [], ({ deviceId }) => deviceId);
    for (const device of change.devices ?? []) {
      const meter = meters.get(device.id);
      meters.delete(device.id);
      writeDevices([device.id, device.subscriptionId], deviceValues(device), meter && meterValues(meter));
    }
    for (const meter of meters.values()) {
      writeDevices([meter.deviceId, meter.subscriptionId], undefined, meterValues(meter));
    }
    const accounts = byKey(change.accounts ?? [], ({ subscriptionId }) => subscriptionId);
    for (const item of change.subscriptions ?? []) {
      const account = accounts.get(item.id);
      accounts.delete(item.id);
      writeSubscriptions([item.id], subscriptionValues(item), account && accountValues(account));
    }
    for (const account of accounts.values()) {
      writeSubscriptions([account.subscriptionId], undefined, accountValues(account));
    }
    writeClosed(change);
    writeErasing(change);
    writeSettings(change);
  };
}

function closedWriter(database: DatabaseSync): (change: JournalChange) => void {
  const write = database.prepare('INSERT OR REPLACE INTO closed_period VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const forget = database.prepare('DELETE FROM closed_period WHERE subscription_id = ? AND period = ?');
  const values = (closed: ClosedPeriod): Values => [
    closed.subscriptionId,
    closed.period,
    closed.since,
    closed.granted,
    closed.writtenOff,
    closed.released,
    closed.recall,
    stringify(closed.devices),
    closed.voucher ?? null,
  ];
  return (change) => {
    for (const period of change.closed ?? []) write.run(...values(period));
    for (const { subscriptionId, period } of change.forgotten ?? []) forget.run(subscriptionId, period);
  };
}

function erasingWriter(database: DatabaseSync): (change: JournalChange) => void {
  const mark = database.prepare('INSERT OR REPLACE INTO erasing VALUES (?, ?)');
  const erase = [
    'DELETE FROM device WHERE subscription_id = ?',
    'DELETE FROM subscription WHERE id = ?',
    'DELETE FROM closed_period WHERE subscription_id = ?',
    'DELETE FROM erasing WHERE subscription_id = ?',
  ].map((sql) => database.prepare(sql));
  return (change) => {
    for (const [id, report] of change.erasing ?? []) mark.run(id, report);
    for (const id of change.erased ?? []) for (const statement of erase) statement.run(id);
  };
}

/**
 * Writes rows of which one part is the controller's and one the node's, each or both at once: a statement less for
 * each of 10,000 additions.
 */
function pairedWriter(
  database: DatabaseSync,
  table: string,
  keys: readonly string[],
  [left, right]: readonly [readonly string[], readonly string[]],
) {
  const both = prepareUpsert(database, table, keys, [...left, ...right]);
  const onlyLeft = prepareUpsert(database, table, keys, left);
  const onlyRight = prepareUpsert(database, table, keys, right);
  return (key: Values, leftValues: Values | undefined, rightValues: Values | undefined): void => {
    if (leftValues && rightValues) both.run(...key, ...leftValues, ...rightValues);
    else if (leftValues) onlyLeft.run(...key, ...leftValues);
    else if (rightValues) onlyRight.run(...key, ...rightValues);
  };
}

function prepareUpsert(
  database: DatabaseSync,
  table: string,
  keys: readonly string[],
  columns: readonly string[],
): StatementSync {
  const all = [...keys, ...columns];
  const updates = columns.map((column) => `${column} = excluded.${column}`);
  return database.prepare(
    `INSERT INTO ${table} (${all.join(', ')}) VALUES (${all.map(() => '?').join(', ')})
     ON CONFLICT (id) DO UPDATE SET ${updates.join(', ')}`,
  );
}

function settingsWriter(database: DatabaseSync): (change: JournalChange) => void {
  const write = database.prepare(
    'INSERT INTO setting VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  const set = (name: SettingName, value: string) => write.run(name, value);
  const countEpoch = database.prepare(
    `INSERT INTO setting VALUES ('epochs', '1')
     ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)`,
  );
  const acknowledge = database.prepare('DELETE FROM outbox WHERE number <= ?');
  const freeze = database.prepare('INSERT INTO outbox VALUES (?, ?)');
  return (change) => {
    if (change.settings) set('settings', JSON.stringify(change.settings));
    if (change.past) set('past', stringify(change.past));
    if (change.revision !== undefined) set('revision', String(change.revision));
    if (change.epoch !== undefined) set('epoch', JSON.stringify(change.epoch));
    if (change.epoch) countEpoch.run();
    if (change.validUntil !== undefined) set('valid_until', String(Math.round(change.validUntil)));
    if (change.time) set('time', JSON.stringify(change.time));
    if (change.refused !== undefined) set('refused', String(change.refused));
    if (change.applying !== undefined) set('applying', String(change.applying));
    if (change.acknowledged !== undefined) acknowledge.run(change.acknowledged);
    if (change.report) {
      freeze.run(change.report.number, change.report.bytes);
      set('last_report', String(change.report.number));
    }
  };
}

function byKey<Item>(items: Iterable<Item>, key: (item: Item) => string): Map<string, Item> {
  return new Map(Array.from(items, (item) => [key(item), item]));
}
