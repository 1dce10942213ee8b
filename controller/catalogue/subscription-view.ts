import { decideAccess, subscriptionReasons } from '../access/reasons.ts';
import { readRenewalTerms } from '../access/renewal-words.ts';
import { type CurrentStanding, currentPeriodIn, loadStandings } from '../accounting/standings.ts';
import { endOf } from '../lifetime/phase.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { effectiveEnforcement, loadFleetEnforcement } from './effective-enforcement.ts';
import type { Subscription } from './views.ts';

/** As shown, in the order of the ids. */
export async function loadSubscriptions(tx: Tx, ids: readonly string[]): Promise<Subscription[]> {
  const fleet = await loadFleetEnforcement(tx);
  const standings = await loadStandings(tx, ids);
  const devices = new Map((await countDevices(tx, ids)).map((row) => [row.subscription_id, row]));
  const rows = new Map((await loadRows(tx, ids)).map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    if (row === undefined) return [];
    const standing = standings.get(id) as CurrentStanding;
    const enforcement = effectiveEnforcement(row.tariff_enforcement, row.group_enforcement, fleet);
    const endsAt = endOf({ expiresAt: row.expires_at, graceSeconds: row.grace_seconds });
    const throttles = row.throttle_bits_per_second !== null;
    const reasons = subscriptionReasons({
      id,
      volumeBytes: standing.volume,
      remainingBytes: standing.remaining,
      exhaustedAt: row.exhausted_at,
      throttles,
      renewal: readRenewalTerms(row, currentPeriodIn(standing), row, nextTariffOf(row)),
      suspendedAt: row.suspended_at,
      suspensionReason: row.suspension_reason,
      account: row.account_reference,
      accountSuspendedAt: row.account_suspended_at,
      accountSuspensionReason: row.account_suspension_reason,
      accountRestricted: row.account_restricted_at !== null,
      cancelledAt: row.cancelled_at,
      cancellationReason: row.cancellation_reason,
      createdAt: row.created_at,
      starts: row.starts,
      startsAt: row.starts_at,
      endsAt,
      phase: row.phase,
    });
    return {
      id,
      reference: row.reference,
      accountId: row.account_id,
      accountReference: row.account_reference,
      tariff: row.tariff,
      maxDevices: row.max_devices,
      devices: Number(devices.get(id)?.count ?? 0n),
      maxConnections: row.max_connections,
      connections: Number(devices.get(id)?.seats ?? 0n),
      period: standing.period,
      periodEndsAt: standing.periodEndsAt,
      volumeBytes: standing.volume,
      usedBytes: standing.used,
      countedBytes: standing.counted,
      throttledBytes: standing.throttled,
      throttledAt: throttles && enforcement === 'enforce' ? row.exhausted_at : null,
      writtenOffBytes: standing.writtenOff,
      remainingBytes: standing.remaining,
      reservedBytes: standing.reserved,
      timeZone: row.time_zone,
      starts: row.starts,
      startsAt: row.starts_at,
      expiresAt: row.expires_at,
      endsAt,
      cancelledAt: row.cancelled_at,
      nextTariff: row.next_tariff,
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
      .leftJoin('tariffs as next', 'next.id', 'subscriptions.next_tariff_id')
      .where('subscriptions.id', 'in', chunk)
      .selectAll('subscriptions')
      .select([
        'accounts.reference as account_reference',
        'accounts.suspended_at as account_suspended_at',
        'accounts.suspension_reason as account_suspension_reason',
        'accounts.restricted_at as account_restricted_at',
        'tariffs.name as tariff',
        'tariffs.period_kind',
        'tariffs.period_days',
        'tariffs.duration_days',
        'tariffs.volume_bytes',
        'tariffs.max_devices',
        'tariffs.throttle_bits_per_second',
        'tariffs.grace_seconds',
        'next.name as next_tariff',
        'next.period_kind as next_period_kind',
        'next.period_days as next_period_days',
        'next.duration_days as next_duration_days',
        'next.volume_bytes as next_volume_bytes',
        'tariffs.max_connections',
        'tariffs.enforcement as tariff_enforcement',
        'groups.enforcement as group_enforcement',
      ])
      .execute(),
  );
}

function nextTariffOf(row: Awaited<ReturnType<typeof loadRows>>[number]) {
  const { next_tariff: name, next_period_kind: period_kind, next_period_days: period_days } = row;
  if (name === null || period_kind === null) return undefined;
  const { next_duration_days: duration_days, next_volume_bytes: volume_bytes } = row;
  return { name, period_kind, period_days, duration_days, volume_bytes };
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
