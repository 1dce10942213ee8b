import { sql } from 'kysely';
import { type AuditEntry, listAudit } from '../audit/audit.ts';
import type { Context } from '../books/context.ts';
import type { AccountScope } from '../catalogue/catalogue.ts';
import { findAccount } from '../catalogue/find.ts';
import { accountsInScope } from '../catalogue/links.ts';
import { selectInChunks } from '../store/chunks.ts';
import { storeInventory } from '../store/inventory.ts';
import type { Schema } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** A row as it is stored: bytes and keys as hex, times as RFC 3339. */
export type ExportedRow = Readonly<Record<string, string | number | null>>;

/** All that is held of a customer, table by table. */
export interface Export {
  readonly format: 'turnpike-export-1';
  readonly exportedAt: number;
  /** By table; the inventory says what each column is for. */
  readonly tables: Readonly<Record<string, readonly ExportedRow[]>>;
  /** What was done to it, by operators and backends. */
  readonly audit: readonly AuditEntry[];
}

/** By which column the rows of a customer are found, in every table that holds any. */
const owned = {
  accounts: ['id', 'accounts'],
  subscriptions: ['id', 'subscriptions'],
  periods: ['subscription_id', 'subscriptions'],
  adjustments: ['subscription_id', 'subscriptions'],
  renewals: ['subscription_id', 'subscriptions'],
  devices: ['id', 'devices'],
  slots: ['device_id', 'devices'],
  grants: ['subscription_id', 'subscriptions'],
  usage: ['device_id', 'devices'],
  usage_days: ['subscription_id', 'subscriptions'],
  departures: ['device_id', 'devices'],
  events: ['subscription_id', 'subscriptions'],
  deliveries: ['subject', 'subscriptions'],
} as const satisfies Partial<
  Record<keyof Schema, readonly [string, 'accounts' | 'subscriptions' | 'devices']>
>;

export type OwnedTable = keyof typeof owned;

/** A copy of everything, over linked accounts too unless `only`. What is secret is named, not shown. */
export function exportAccount(
  context: Context,
  name: string,
  { only = false }: AccountScope = {},
): Promise<Export> {
  const { store, clock } = context;
  return store.transaction(async (tx) => {
    const accounts = await accountsInScope(tx, await findAccount(tx, name), only);
    const subscriptions = await idsOf(tx, 'subscriptions', 'account_id', accounts);
    const devices = await idsOf(tx, 'devices', 'subscription_id', subscriptions);
    const ids = { accounts, subscriptions, devices };
    const tables: Record<string, ExportedRow[]> = {};
    for (const [table, [column, kind]] of Object.entries(owned) as [
      OwnedTable,
      (typeof owned)[OwnedTable],
    ][]) {
      tables[table] = await rowsOf(tx, table, column, ids[kind]);
    }
    const audit: AuditEntry[] = [];
    for (const account of accounts) audit.push(...(await listAudit(context, tx, { account })));
    return { format: 'turnpike-export-1', exportedAt: clock.now(), tables, audit };
  });
}

async function idsOf(
  tx: Tx,
  table: 'subscriptions' | 'devices',
  column: string,
  of: readonly string[],
): Promise<string[]> {
  const rows = await selectInChunks(of, async (chunk) => {
    const found = await sql<{ id: string }>`SELECT id FROM ${sql.table(table)}
      WHERE ${sql.ref(column)} IN (${sql.join(chunk)}) ORDER BY rowid`.execute(tx.db);
    return found.rows;
  });
  return rows.map(({ id }) => id);
}

async function rowsOf(
  tx: Tx,
  table: OwnedTable,
  column: string,
  of: readonly string[],
): Promise<ExportedRow[]> {
  const rows = await selectInChunks(of, async (chunk) => {
    const found = await sql<Record<string, unknown>>`SELECT * FROM ${sql.table(table)}
      WHERE ${sql.ref(column)} IN (${sql.join(chunk)}) ORDER BY rowid`.execute(tx.db);
    return found.rows;
  });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(table, name, value)])),
  );
}

/** Whoever asks for a copy may not be who holds the device. */
const secret = 'kept, not shown';

function plain(table: OwnedTable, column: string, value: unknown): string | number | null {
  if (value === null || value === undefined) return null;
  if (column === 'preshared_key') return secret;
  const field = (storeInventory[table] as Record<string, { time?: string }>)[column];
  if (field?.time === 'exact') return new Date(Number(value)).toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return typeof value === 'number' ? value : String(value);
}
