import { decideAccess, subscriptionReasons } from '../access/reasons.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { effectiveEnforcement } from './effective-enforcement.ts';
import type { Subscription } from './views.ts';

/** As shown, in the order of the ids. */
export async function loadSubscriptions(tx: Tx, ids: readonly string[]): Promise<Subscription[]> {
  const fleet = await tx.db.selectFrom('fleet').select('enforcement').executeTakeFirstOrThrow();
  const totals = new Map((await loadTotals(tx, ids)).map((row) => [row.subscription_id, row]));
  const devices = new Map((await countDevices(tx, ids)).map((row) => [row.subscription_id, row]));
  const rows = new Map((await loadRows(tx, ids)).map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (row === undefined) return [];
    const total = totals.get(id);
    const usedBytes = total?.used ?? 0n;
    const writtenOffBytes = total?.written_off ?? 0n;
    const left = row.volume_bytes === null ? null : row.volume_bytes - usedBytes - writtenOffBytes;
    const remainingBytes = left !== null && left < 0n ? 0n : left;
    const enforcement = effectiveEnforcement(
      row.tariff_enforcement,
      row.group_enforcement,
      fleet.enforcement,
    );
    const reasons = subscriptionReasons({
      id,
      volumeBytes: row.volume_bytes,
      remainingBytes,
      exhaustedAt: row.exhausted_at,
      suspendedAt: row.suspended_at,
      suspensionReason: row.suspension_reason,
    });
    return {
      id,
      accountId: row.account_id,
      accountReference: row.reference,
      tariff: row.tariff,
      maxDevices: row.max_devices,
      devices: Number(devices.get(id)?.count ?? 0n),
      maxConnections: row.max_connections,
      connections: Number(devices.get(id)?.seats ?? 0n),
      volumeBytes: row.volume_bytes,
      usedBytes,
      writtenOffBytes,
      remainingBytes,
      reservedBytes: total?.outstanding ?? 0n,
      enforcement,
      access: decideAccess(reasons, enforcement),
      createdAt: row.created_at,
    };
  });
}

/** @throws when there is none: callers have just found it. */
export async function loadSubscription(tx: Tx, id: string): Promise<Subscription> {
  return (await loadSubscriptions(tx, [id]))[0] as Subscription;
}

function loadRows(tx: Tx, ids: readonly string[]) {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .innerJoin('groups', 'groups.id', 'tariffs.group_id')
      .where('subscriptions.id', 'in', chunk)
      .selectAll('subscriptions')
      .select([
        'accounts.reference',
        'tariffs.name as tariff',
        'tariffs.max_devices',
        'tariffs.max_connections',
        'tariffs.enforcement as tariff_enforcement',
        'groups.enforcement as group_enforcement',
      ])
      .execute(),
  );
}

function loadTotals(tx: Tx, ids: readonly string[]) {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('grants')
      .where('subscription_id', 'in', chunk)
      .groupBy('subscription_id')
      .select((row) => [
        'subscription_id',
        row.fn.sum<bigint>('used').as('used'),
        row.fn.sum<bigint>('written_off').as('written_off'),
        row(
          row(row.fn.sum<bigint>('granted'), '-', row.fn.sum<bigint>('released')),
          '-',
          row(row.fn.sum<bigint>('used'), '+', row.fn.sum<bigint>('written_off')),
        ).as('outstanding'),
      ])
      .execute(),
  );
}

function countDevices(tx: Tx, ids: readonly string[]) {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .groupBy('subscription_id')
      .select((row) => [
        'subscription_id',
        row.fn.countAll<bigint>().as('count'),
        row.fn.count<bigint>('seat_node_id').as('seats'),
      ])
      .execute(),
  );
}
