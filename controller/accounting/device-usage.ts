import { larger } from '../ledger/bigint.ts';
import type { NodeIdentity } from '../south/ports.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';

export interface DeviceTotals {
  readonly deviceId: string;
  readonly uploadBytes: bigint;
  readonly downloadBytes: bigint;
}

export interface BookedUsage {
  /** By how much each subscription's usage on this node grew. */
  readonly grown: ReadonlyMap<string, bigint>;
  /** Devices that this node never served. */
  readonly strange: number;
}

/**
 * Books totals of devices, each as the larger of what is booked and what is reported. A device counts for this node
 * only when its subscription has a row here: a node cannot bill what is not its own.
 */
export async function bookDeviceUsage(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  reported: readonly DeviceTotals[],
): Promise<BookedUsage> {
  const served = await selectInChunks(
    reported.map(({ deviceId }) => deviceId),
    (ids) =>
      tx.db
        .selectFrom('devices')
        .innerJoin('grants', 'grants.subscription_id', 'devices.subscription_id')
        .leftJoin('usage', (join) =>
          join
            .onRef('usage.device_id', '=', 'devices.id')
            .onRef('usage.node_id', '=', 'grants.node_id')
            .onRef('usage.incarnation', '=', 'grants.incarnation'),
        )
        .where('devices.id', 'in', ids)
        .where('grants.node_id', '=', nodeId)
        .where('grants.incarnation', '=', incarnation)
        .select(['devices.id', 'devices.subscription_id', 'usage.upload', 'usage.download'])
        .execute(),
  );
  // Keeps the larger of each also where a report names a device twice.
  const booked = new Map(
    served.map((row) => [row.id, { ...row, upload: row.upload ?? 0n, download: row.download ?? 0n }]),
  );
  const grown = new Map<string, bigint>();
  const changed = new Set<string>();
  let strange = 0;
  for (const { deviceId, uploadBytes, downloadBytes } of reported) {
    const row = booked.get(deviceId);
    if (row === undefined) {
      strange += 1;
      continue;
    }
    const upload = larger(row.upload, uploadBytes);
    const download = larger(row.download, downloadBytes);
    const growth = upload - row.upload + download - row.download;
    if (growth === 0n) continue;
    grown.set(row.subscription_id, (grown.get(row.subscription_id) ?? 0n) + growth);
    changed.add(deviceId);
    row.upload = upload;
    row.download = download;
  }
  const rows = [...changed].flatMap((deviceId) => {
    const row = booked.get(deviceId);
    return row
      ? [{ device_id: deviceId, node_id: nodeId, incarnation, upload: row.upload, download: row.download }]
      : [];
  });
  for (const chunk of chunks(rows, 200)) {
    await tx.db
      .insertInto('usage')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['device_id', 'node_id', 'incarnation']).doUpdateSet((row) => ({
          upload: row.ref('excluded.upload'),
          download: row.ref('excluded.download'),
        })),
      )
      .execute();
  }
  return { grown, strange };
}
