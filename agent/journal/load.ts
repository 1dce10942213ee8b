import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { DesiredDevice, NodeSettings } from '../desired/state.ts';
import type { Epoch } from '../gate/model.ts';
import type { CountedAddress } from '../meter/meter.ts';
import { emptyState, type JournalState } from './state.ts';

type Row = Record<string, SQLOutputValue>;

/** Reads the whole journal into memory. */
export function loadState(database: DatabaseSync): JournalState {
  const state = emptyState();
  for (const row of rows(database, 'SELECT name, value FROM setting')) {
    loadSetting(state, text(row, 'name'), text(row, 'value'));
  }
  for (const row of rows(database, 'SELECT * FROM device')) loadDevice(state, row);
  for (const row of rows(database, 'SELECT * FROM subscription')) loadSubscription(state, row);
  const oldest = rows(database, 'SELECT number, bytes FROM outbox ORDER BY number LIMIT 1')[0];
  if (oldest) state.report = { number: integer(oldest, 'number'), bytes: oldest['bytes'] as Uint8Array };
  return state;
}

function loadSetting(state: JournalState, name: string, value: string): void {
  switch (name) {
    case 'settings':
      state.settings = JSON.parse(value) as NodeSettings;
      return;
    case 'revision':
      state.revision = BigInt(value);
      return;
    case 'epoch':
      state.epoch = (JSON.parse(value) as Epoch | null) ?? undefined;
      return;
    case 'epochs':
      state.epochs = Number(value);
      return;
    case 'valid_until':
      state.validUntil = Number(value);
      return;
    case 'refused':
      state.refused = value === 'true';
      return;
    case 'applying':
      state.applying = value === 'true';
      return;
    case 'last_report':
      state.lastReport = BigInt(value);
      return;
    default:
      return;
  }
}

function loadDevice(state: JournalState, row: Row): void {
  const id = text(row, 'id');
  const subscriptionId = text(row, 'subscription_id');
  state.meters.set(id, {
    deviceId: id,
    subscriptionId,
    upload: integer(row, 'upload'),
    download: integer(row, 'download'),
    counted: [counted(row, 'a'), counted(row, 'b')].filter((address) => address !== undefined),
  });
  if (row['revision'] === null) return;
  state.devices.set(id, {
    id,
    revision: integer(row, 'revision'),
    subscriptionId,
    publicKey: text(row, 'public_key'),
    presharedKey: row['preshared_key'] === null ? undefined : text(row, 'preshared_key'),
    address4: text(row, 'address4'),
    address6: text(row, 'address6'),
    access: text(row, 'access') as DesiredDevice['access'],
  });
}

function counted(row: Row, which: 'a' | 'b'): CountedAddress | undefined {
  const address = row[`counted_${which}`];
  if (typeof address !== 'string') return undefined;
  return { address, upload: integer(row, `upload_${which}`), download: integer(row, `download_${which}`) };
}

function loadSubscription(state: JournalState, row: Row): void {
  const id = text(row, 'id');
  state.accounts.set(id, {
    subscriptionId: id,
    granted: integer(row, 'highest_granted'),
    armed: integer(row, 'armed'),
    writtenOff: integer(row, 'written_off'),
    released: integer(row, 'released'),
    recall: Number(row['recall_answered']),
    disturbed: Number(row['disturbed']) === 1,
  });
  if (row['revision'] === null) return;
  state.subscriptions.set(id, {
    id,
    revision: integer(row, 'revision'),
    metering: text(row, 'metering') === 'unlimited' ? 'unlimited' : 'granted',
    grantedBytes: integer(row, 'granted'),
    allowance: Number(row['allowance']) === 1,
    recall: Number(row['recall']),
  });
}

function rows(database: DatabaseSync, sql: string): Row[] {
  const statement: StatementSync = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all() as Row[];
}

function text(row: Row, column: string): string {
  return row[column] as string;
}

function integer(row: Row, column: string): bigint {
  return row[column] as bigint;
}
