import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { DesiredDevice, DesiredSubscription, NodeSettings, Speed } from '../desired/state.ts';
import type { Epoch } from '../gate/model.ts';
import type { ClosedPeriod } from '../grants/period.ts';
import type { CountedAddress } from '../meter/meter.ts';
import type { TimeTie } from '../time/controller-time.ts';
import { addClosed, emptyState, type JournalState, type PastTotals } from './state.ts';
import { parse } from './text.ts';

type Row = Record<string, SQLOutputValue>;

/** Reads the whole journal into memory. */
export function loadState(database: DatabaseSync): JournalState {
  const state = emptyState();
  for (const row of rows(database, 'SELECT name, value FROM setting')) {
    loadSetting(state, text(row, 'name'), text(row, 'value'));
  }
  for (const row of rows(database, 'SELECT * FROM device')) loadDevice(state, row);
  for (const row of rows(database, 'SELECT * FROM subscription')) loadSubscription(state, row);
  for (const row of rows(database, 'SELECT * FROM closed_period')) addClosed(state, closedPeriod(row));
  for (const row of rows(database, 'SELECT * FROM erasing')) {
    state.erasing.set(text(row, 'subscription_id'), integer(row, 'last_report'));
  }
  const oldest = rows(database, 'SELECT number, bytes FROM outbox ORDER BY number LIMIT 1')[0];
  if (oldest) state.report = { number: integer(oldest, 'number'), bytes: oldest['bytes'] as Uint8Array };
  return state;
}

function loadSetting(state: JournalState, name: string, value: string): void {
  switch (name) {
    case 'settings':
      state.settings = JSON.parse(value) as NodeSettings;
      return;
    case 'past':
      state.past = parse<PastTotals>(value);
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
    case 'time':
      state.time = JSON.parse(value) as TimeTie;
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
    period: number(row, 'period'),
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
    ...(row['seat'] !== null && { seat: text(row, 'seat') as NonNullable<DesiredDevice['seat']> }),
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
    period: number(row, 'account_period'),
    since: number(row, 'account_since'),
    granted: integer(row, 'highest_granted'),
    nextGranted: integer(row, 'highest_next'),
    armed: integer(row, 'armed'),
    writtenOff: integer(row, 'written_off'),
    released: integer(row, 'released'),
    recall: number(row, 'recall_answered'),
    disturbed: number(row, 'disturbed') === 1,
    ...voucher(row, 'highest_voucher'),
  });
  if (row['revision'] === null) return;
  state.subscriptions.set(id, {
    id,
    revision: integer(row, 'revision'),
    metering: text(row, 'metering') === 'unlimited' ? 'unlimited' : 'granted',
    grantedBytes: integer(row, 'granted'),
    allowance: number(row, 'allowance') === 1,
    recall: number(row, 'recall'),
    period: number(row, 'period'),
    nextGrantedBytes: integer(row, 'next_granted'),
    ...optional(row),
  });
}

function optional(
  row: Row,
): Pick<DesiredSubscription, 'periodEndsAt' | 'endsAt' | 'speed' | 'throttle' | 'voucher'> {
  return {
    ...(row['period_ends_at'] !== null && { periodEndsAt: number(row, 'period_ends_at') }),
    ...(row['ends_at'] !== null && { endsAt: number(row, 'ends_at') }),
    ...(row['speed'] !== null && { speed: parse<Speed>(text(row, 'speed')) }),
    ...(row['throttle'] !== null && { throttle: parse<Speed>(text(row, 'throttle')) }),
    ...voucher(row, 'voucher'),
  };
}

function closedPeriod(row: Row): ClosedPeriod {
  return {
    subscriptionId: text(row, 'subscription_id'),
    period: number(row, 'period'),
    since: number(row, 'since'),
    granted: integer(row, 'granted'),
    writtenOff: integer(row, 'written_off'),
    released: integer(row, 'released'),
    recall: number(row, 'recall_answered'),
    devices: parse(text(row, 'devices')),
    ...voucher(row, 'voucher'),
  };
}

function voucher(row: Row, column: string): { readonly voucher?: string } {
  return row[column] === null ? {} : { voucher: text(row, column) };
}

function rows(database: DatabaseSync, sql: string): Row[] {
  const statement: StatementSync = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all() as Row[];
}

function text(row: Row, column: string): string {
  return row[column] as string;
}

function number(row: Row, column: string): number {
  return Number(row[column]);
}

function integer(row: Row, column: string): bigint {
  return row[column] as bigint;
}
