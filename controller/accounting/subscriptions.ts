import { effectiveEnforcement, loadFleetEnforcement } from '../catalogue/effective-enforcement.ts';
import type { Enforcement } from '../catalogue/views.ts';
import { rateOf } from '../ledger/beyond.ts';
import { isWithdrawn } from '../lifetime/phase.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

type Speeds = Pick<
  Row<'tariffs'>,
  'upload_bits_per_second' | 'download_bits_per_second' | 'throttle_bits_per_second' | 'speed_scope'
>;

/** What the ledger must know of a subscription. */
export interface LedgerSubscription {
  readonly id: string;
  readonly groupId: string;
  /** Number of the current period; 0 before the first one. */
  readonly period: number;
  /** Bytes per second on one node, of all its devices. */
  readonly rate: bigint;
  /** The same for when its volume has ended; null: it is closed then. */
  readonly slowRate: bigint | null;
  /** Percents of the volume, rising. */
  readonly thresholds: readonly number[];
  /** It or its account suspended, cancelled, not started or over: nothing is granted to it. */
  readonly closed: boolean;
  readonly exhaustedAt: number | null;
  readonly enforcement: Enforcement;
  /** Not removed ones. */
  readonly devices: number;
}

export async function loadLedgerSubscriptions(tx: Tx, ids: readonly string[]): Promise<LedgerSubscription[]> {
  const fleet = await loadFleetEnforcement(tx);
  const counts = new Map(
    (
      await selectInChunks(ids, (chunk) =>
        tx.db
          .selectFrom('devices')
          .where('subscription_id', 'in', chunk)
          .where('removed_at', 'is', null)
          .groupBy('subscription_id')
          .select((row) => ['subscription_id', row.fn.countAll<bigint>().as('count')])
          .execute(),
      )
    ).map(({ subscription_id, count }) => [subscription_id, Number(count)]),
  );
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .innerJoin('groups', 'groups.id', 'tariffs.group_id')
      .where('subscriptions.id', 'in', chunk)
      .select([
        'subscriptions.id',
        'subscriptions.period',
        'subscriptions.suspended_at',
        'accounts.suspended_at as account_suspended_at',
        'subscriptions.cancelled_at',
        'subscriptions.phase',
        'subscriptions.starts',
        'subscriptions.exhausted_at',
        'tariffs.group_id',
        'tariffs.upload_bits_per_second',
        'tariffs.download_bits_per_second',
        'tariffs.throttle_bits_per_second',
        'tariffs.speed_scope',
        'tariffs.thresholds',
        'tariffs.enforcement as tariff_enforcement',
        'groups.enforcement as group_enforcement',
      ])
      .execute(),
  );
  return rows.map((row) => ({
    id: row.id,
    groupId: row.group_id,
    period: row.period,
    ...ratesOf(row, counts.get(row.id) ?? 0),
    thresholds: JSON.parse(row.thresholds) as number[],
    closed: isWithdrawn(row),
    exhaustedAt: row.exhausted_at,
    enforcement: effectiveEnforcement(row.tariff_enforcement, row.group_enforcement, fleet),
    devices: counts.get(row.id) ?? 0,
  }));
}

function ratesOf(tariff: Speeds, devices: number): Pick<LedgerSubscription, 'rate' | 'slowRate'> {
  const slow = tariff.throttle_bits_per_second;
  const times = tariff.speed_scope === 'device' ? BigInt(Math.max(1, devices)) : 1n;
  return {
    rate: times * rateOf(tariff.upload_bits_per_second, tariff.download_bits_per_second),
    slowRate: slow === null ? null : times * rateOf(slow, slow),
  };
}
