import { larger, smaller } from '../ledger/bigint.ts';
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
  /** Writes the totals down, as far as by so many bytes of each ledger. Gives what grew by it. */
  store(believed: ReadonlyMap<string, bigint>): Promise<Growth[]>;
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
  const totals = new Map(served.map((row) => [ledgerKey(row.id, row.period), totalsOf(row)]));
  /** In the report's order. */
  const changed = new Set<Totals>();
  let strange = 0;
  for (const { deviceId, period, uploadBytes, downloadBytes } of reported) {
    const device = totals.get(ledgerKey(deviceId, period));
    if (device === undefined) {
      strange += 1;
      continue;
    }
    device.upload = larger(device.upload, uploadBytes);
    device.download = larger(device.download, downloadBytes);
    if (grownBy(device) > 0n) changed.add(device);
  }
  const grown = new Map<string, bigint>();
  for (const device of changed) {
    grown.set(device.ledger, (grown.get(device.ledger) ?? 0n) + grownBy(device));
  }
  const store = async (believed: ReadonlyMap<string, bigint>) => {
    const taken = takeBelieved([...changed], believed);
    await storeUsage(
      tx,
      taken.map(({ id: device_id, period, upload, download }) => {
        return { device_id, node_id: nodeId, incarnation, period, upload, download };
      }),
    );
    return growthsOf(taken);
  };
  return { grown, strange, store };
}

/** A device in one period. */
interface Totals {
  readonly id: string;
  readonly subscriptionId: string;
  readonly period: number;
  readonly ledger: string;
  readonly booked: { readonly upload: bigint; readonly download: bigint };
  upload: bigint;
  download: bigint;
}

function totalsOf(row: {
  readonly id: string;
  readonly subscription_id: string;
  readonly period: number;
  readonly upload: bigint | null;
  readonly download: bigint | null;
}): Totals {
  const { id, subscription_id: subscriptionId, period } = row;
  const booked = { upload: row.upload ?? 0n, download: row.download ?? 0n };
  return { id, subscriptionId, period, ledger: ledgerKey(subscriptionId, period), booked, ...booked };
}

function grownBy({ booked, upload, download }: Totals): bigint {
  return upload - booked.upload + download - booked.download;
}

/** Of ledgers that are not believed in full: one device after the other. */
function takeBelieved(changed: readonly Totals[], believed: ReadonlyMap<string, bigint>): Totals[] {
  const left = new Map(believed);
  return changed.flatMap((device) => {
    const { ledger, booked } = device;
    const most = left.get(ledger) ?? 0n;
    if (most === 0n) return [];
    const upload = smaller(device.upload - booked.upload, most);
    const download = smaller(device.download - booked.download, most - upload);
    left.set(ledger, most - upload - download);
    return { ...device, upload: booked.upload + upload, download: booked.download + download };
  });
}

function growthsOf(devices: readonly Totals[]): Growth[] {
  const growths = new Map<string, Growth>();
  for (const { ledger, subscriptionId, period, booked, upload, download } of devices) {
    const before = growths.get(ledger) ?? { upload: 0n, download: 0n };
    growths.set(ledger, {
      ...{ subscriptionId, period },
      upload: before.upload + upload - booked.upload,
      download: before.download + download - booked.download,
    });
  }
  return [...growths.values()];
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
