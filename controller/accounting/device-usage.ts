import { larger } from '../ledger/bigint.ts';
import type { NodeIdentity } from '../south/ports.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { NewRow } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { spanOf } from './period-span.ts';
import type { Growth } from './usage-days.ts';

export interface DeviceTotals {
  readonly deviceId: string;
  readonly period: number;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
}

export interface BookedUsage {
  /** By how much each subscription's usage on this node grew, by {@link ledgerKey}. */
  readonly grown: ReadonlyMap<string, bigint>;
  /** Entries of devices that this node never served in that period. */
  readonly strange: number;
  /** Writes the totals down, but for those of ledgers that are not believed. Gives what grew by it. */
  store(refused: ReadonlySet<string>): Promise<Growth[]>;
}

/**
 * Gathers totals of devices, each as the larger of what is booked and what is reported. A device counts for this node
 * only when its subscription has a row here: a node cannot bill what is not its own.
 */
export async function gatherDeviceUsage(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  reported: readonly DeviceTotals[],
): Promise<BookedUsage> {
  const [first, last] = spanOf(reported);
  const served = await selectInChunks([...new Set(reported.map(({ deviceId }) => deviceId))], (ids) =>
    tx.db
      .selectFrom('devices')
      .innerJoin('grants', 'grants.subscription_id', 'devices.subscription_id')
      .leftJoin('usage', (join) =>
        join
          .onRef('usage.device_id', '=', 'devices.id')
          .onRef('usage.node_id', '=', 'grants.node_id')
          .onRef('usage.incarnation', '=', 'grants.incarnation')
          .onRef('usage.period', '=', 'grants.period'),
      )
      .where('devices.id', 'in', ids)
      .where('grants.node_id', '=', nodeId)
      .where('grants.incarnation', '=', incarnation)
      // Not each by itself: a report can name more periods than a query takes.
      .where('grants.period', '>=', first)
      .where('grants.period', '<=', last)
      .select(['devices.id', 'devices.subscription_id', 'grants.period', 'usage.upload', 'usage.download'])
      .execute(),
  );
  // Keeps the larger of each also where a report names a device twice.
  const booked = new Map(
    served.map((row) => [
      ledgerKey(row.id, row.period),
      { ...row, upload: row.upload ?? 0n, download: row.download ?? 0n },
    ]),
  );
  const grown = new Map<string, Growth>();
  const changed = new Set<string>();
  let strange = 0;
  for (const { deviceId, period, uploadBytes, downloadBytes } of reported) {
    const row = booked.get(ledgerKey(deviceId, period));
    if (row === undefined) {
      strange += 1;
      continue;
    }
    const upload = larger(row.upload, uploadBytes);
    const download = larger(row.download, downloadBytes);
    if (upload === row.upload && download === row.download) continue;
    const ledger = ledgerKey(row.subscription_id, period);
    const before = grown.get(ledger) ?? { upload: 0n, download: 0n };
    grown.set(ledger, {
      subscriptionId: row.subscription_id,
      period,
      upload: before.upload + upload - row.upload,
      download: before.download + download - row.download,
    });
    changed.add(ledgerKey(deviceId, period));
    row.upload = upload;
    row.download = download;
  }
  const store = async (refused: ReadonlySet<string>) => {
    const rows = [...changed].flatMap((key) => {
      const row = booked.get(key);
      if (row === undefined || refused.has(ledgerKey(row.subscription_id, row.period))) return [];
      const { id, period, upload, download } = row;
      return [{ device_id: id, node_id: nodeId, incarnation, period, upload, download }];
    });
    await storeUsage(tx, rows);
    return [...grown].flatMap(([ledger, growth]) => (refused.has(ledger) ? [] : growth));
  };
  const bytes = [...grown].map(([ledger, { upload, download }]) => [ledger, upload + download] as const);
  return { grown: new Map(bytes), strange, store };
}

async function storeUsage(tx: Tx, rows: readonly NewRow<'usage'>[]): Promise<void> {
  for (const chunk of chunks(rows, 200)) {
    await tx.db
      .insertInto('usage')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['device_id', 'node_id', 'incarnation', 'period']).doUpdateSet((row) => ({
          upload: row.ref('excluded.upload'),
          download: row.ref('excluded.download'),
        })),
      )
      .execute();
  }
}

/** Names the ledger of a subscription (or the totals of a device) in one period. */
export function ledgerKey(id: string, period: number): string {
  return `${id} ${period}`;
}
