import { sql } from 'kysely';
import { loadVoucherKey, signVoucher } from '../accounting/voucher.ts';
import type { Context } from '../books/context.ts';
import { effectiveEnforcement, loadFleetEnforcement } from '../catalogue/effective-enforcement.ts';
import type { Enforcement } from '../catalogue/views.ts';
import type { Hold } from '../hold/hold.ts';
import { endOf, isWithdrawn, type Standing } from '../lifetime/phase.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import { type Page, type Place, readPage } from './pages.ts';

/** What a node should hold or let go, of what changed after a revision. */
export interface ChangedItems {
  readonly removedDeviceIds: readonly string[];
  readonly erasedSubscriptionIds: readonly string[];
  readonly subscriptions: readonly SubscriptionItem[];
  readonly devices: readonly DeviceItem[];
}

export interface SubscriptionItem {
  readonly id: string;
  readonly revision: bigint;
  readonly unlimited: boolean;
  readonly granted: bigint;
  readonly allowance: boolean;
  readonly recall: number;
  readonly period: number;
  /** Milliseconds since 1970; null: it has no end. */
  readonly periodEndsAt: number | null;
  /** Of the next period. */
  readonly nextGranted: bigint;
  /** Expiry and grace, in milliseconds since 1970; null: never. */
  readonly endsAt: number | null;
  readonly speed: SpeedItem | undefined;
  readonly throttle: SpeedItem | undefined;
  /** That it was told so. */
  readonly voucher: Uint8Array;
}

/** Bits per second; null: no limit. */
export interface SpeedItem {
  readonly upload: bigint | null;
  readonly download: bigint | null;
  readonly shared: boolean;
}

export interface DeviceItem {
  readonly id: string;
  readonly subscriptionId: string;
  readonly revision: bigint;
  readonly publicKey: string;
  readonly presharedKey: string | null;
  readonly address4: string;
  readonly address6: string;
  readonly access: 'open' | 'closed' | 'withdrawn';
  readonly seat: 'not-needed' | 'free' | 'held';
}

/** A node in one incarnation, as far as it decides what belongs to it. */
export interface Holder {
  readonly nodeId: string;
  readonly incarnation: number;
  readonly groupId: string;
  /** Nothing that was removed before this was ever on it. */
  readonly sinceRevision: bigint;
  /** What it has is not taken away; undefined: it is. */
  readonly hold: Hold | undefined;
}

/** What it should let go of since a revision. */
export async function loadRemovals(
  tx: Tx,
  holder: Holder,
  after: bigint,
): Promise<Pick<ChangedItems, 'removedDeviceIds' | 'erasedSubscriptionIds'>> {
  return {
    removedDeviceIds: await loadRemovedDevices(tx, holder, after),
    erasedSubscriptionIds: await loadErased(tx, holder, after),
  };
}

/**
 * Removed for good, or of a group that the node has left. Also all those of long ago when `after` is 0: an agent that
 * asks for everything may hold anything, and absence never removes.
 */
async function loadRemovedDevices(tx: Tx, holder: Holder, after: bigint): Promise<string[]> {
  const removed = await tx.db
    .selectFrom('devices')
    .where('removed_at', 'is not', null)
    .where('revision', '>', after)
    .where('revision', '>', holder.sinceRevision)
    .select('id')
    .execute();
  const departed = await tx.db
    .selectFrom('departures')
    .where('node_id', '=', holder.nodeId)
    .where('revision', '>', after)
    // Nodes may have moved back since.
    .where('revision', '>', holder.hold?.revision ?? 0n)
    .select('device_id as id')
    .execute();
  return [...new Set([...removed, ...departed].map(({ id }) => id))];
}

async function loadErased(tx: Tx, { nodeId, incarnation }: Holder, after: bigint): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('tombstones')
    .where('node_id', '=', nodeId)
    .where('incarnation', '=', incarnation)
    .where('revision', '>', after)
    .select('subscription_id')
    .execute();
  return rows.map(({ subscription_id }) => subscription_id);
}

/**
 * Ids of all that changed for it after a revision, what it should let go of among them; undefined when customers were erased,
 * whose devices have no ids any more.
 */
export async function loadChangedIds(
  tx: Tx,
  holder: Holder,
  after: bigint,
): Promise<readonly string[] | undefined> {
  const { removedDeviceIds, erasedSubscriptionIds } = await loadRemovals(tx, holder, after);
  if (erasedSubscriptionIds.length > 0) return undefined;
  const devices = await tx.db.selectFrom('devices').where('revision', '>', after).select('id').execute();
  const subscriptions = await tx.db
    .selectFrom('grants')
    .where('node_id', '=', holder.nodeId)
    .where('incarnation', '=', holder.incarnation)
    .where('revision', '>', after)
    .select('subscription_id as id')
    .execute();
  return [...removedDeviceIds, ...[...devices, ...subscriptions].map(({ id }) => id)];
}

/** A subscription stays on a node for as long as the incarnation lives, since its totals do. */
export async function loadSubscriptions(
  context: Pick<Context, 'vault'>,
  tx: Tx,
  holder: Holder,
  after: Place,
  limit: number,
): Promise<Page<SubscriptionItem>> {
  const fleet = await loadFleetEnforcement(tx);
  const query = tx.db
    .selectFrom('grants')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    .innerJoin('periods', (join) =>
      join
        .onRef('periods.subscription_id', '=', 'grants.subscription_id')
        .onRef('periods.number', '=', 'grants.period'),
    )
    .leftJoin('grants as next', (join) =>
      join
        .onRef('next.subscription_id', '=', 'grants.subscription_id')
        .onRef('next.node_id', '=', 'grants.node_id')
        .onRef('next.incarnation', '=', 'grants.incarnation')
        .on((row) => row('next.period', '=', row('grants.period', '+', 1))),
    )
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where('grants.node_id', '=', holder.nodeId)
    .where('grants.incarnation', '=', holder.incarnation)
    .select([
      'subscriptions.id',
      'grants.revision',
      'grants.granted',
      'grants.allowance',
      'grants.recall',
      'grants.period',
      'grants.beyond_rate',
      'periods.volume',
      'periods.ends_at',
      'next.granted as next_granted',
      'next.beyond_rate as next_beyond_rate',
      'subscriptions.expires_at',
      'tariffs.grace_seconds',
      'tariffs.upload_bits_per_second',
      'tariffs.download_bits_per_second',
      'tariffs.speed_scope',
      'tariffs.throttle_bits_per_second',
      'tariffs.enforcement as tariff',
      'groups.enforcement as group',
    ]);
  const rows = await readPage(after, limit, (range) =>
    query
      .where('grants.revision', range.of, range.revision)
      .where('grants.subscription_id', '>', range.id)
      .orderBy('grants.revision')
      .orderBy('grants.subscription_id')
      .limit(range.limit)
      .execute(),
  );
  const key = await loadVoucherKey(context, tx);
  const items = rows.items.map((row) => {
    const observed = effectiveEnforcement(row.tariff, row.group, fleet) === 'observe';
    return {
      id: row.id,
      revision: row.revision,
      period: row.period,
      periodEndsAt: row.ends_at,
      nextGranted: row.next_granted ?? 0n,
      voucher: signVoucher(
        key,
        { ...holder, subscriptionId: row.id },
        {
          period: row.period,
          granted: row.granted,
          beyondRate: row.beyond_rate,
          nextGranted: row.next_granted ?? 0n,
          nextBeyondRate: row.next_beyond_rate ?? 0n,
        },
      ),
      ...(observed ? { speed: undefined, throttle: undefined } : speedsOf(row)),
      granted: row.granted,
      allowance: row.allowance === 1,
      recall: row.recall,
      unlimited: row.volume === null || observed,
      endsAt:
        observed || holder.hold
          ? null
          : endOf({ expiresAt: row.expires_at, graceSeconds: row.grace_seconds }),
    };
  });
  return { items, next: rows.next };
}

type SpeedColumns = Pick<
  Row<'tariffs'>,
  'upload_bits_per_second' | 'download_bits_per_second' | 'throttle_bits_per_second' | 'speed_scope'
>;

function speedsOf(row: SpeedColumns): Pick<SubscriptionItem, 'speed' | 'throttle'> {
  const upload = row.upload_bits_per_second;
  const download = row.download_bits_per_second;
  const slow = row.throttle_bits_per_second;
  const shared = row.speed_scope === 'subscription';
  return {
    speed: upload === null && download === null ? undefined : { upload, download, shared },
    throttle: slow === null ? undefined : { upload: slow, download: slow, shared },
  };
}

export async function loadDevices(
  { vault }: Pick<Context, 'vault'>,
  tx: Tx,
  holder: Holder,
  after: Place,
  limit: number,
): Promise<Page<DeviceItem>> {
  const fleet = await loadFleetEnforcement(tx);
  const query = tx.db
    .selectFrom('devices')
    .innerJoin('subscriptions', 'subscriptions.id', 'devices.subscription_id')
    .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('groups', 'groups.id', 'tariffs.group_id')
    // With the plus, SQLite begins with the revisions, as a node is told little at a time, and not with the group's tariffs.
    .where(sql`+tariffs.group_id`, '=', holder.groupId)
    .where('devices.removed_at', 'is', null)
    .select([
      'devices.id',
      'devices.subscription_id',
      'devices.revision',
      'devices.public_key',
      'devices.preshared_key',
      'devices.address4',
      'devices.address6',
      'devices.parked',
      'devices.seat_node_id',
      'subscriptions.suspended_at',
      'accounts.suspended_at as account_suspended_at',
      'subscriptions.cancelled_at',
      'subscriptions.phase',
      'subscriptions.starts',
      'tariffs.max_connections',
      'tariffs.enforcement as tariff',
      'groups.enforcement as group',
    ]);
  const rows = await readPage(after, limit, (range) =>
    query
      .where('devices.revision', range.of, range.revision)
      .where('devices.id', '>', range.id)
      .orderBy('devices.revision')
      .orderBy('devices.id')
      .limit(range.limit)
      .execute(),
  );
  const items = rows.items
    .filter((row) => !staysAsItIs(row, holder.hold))
    .map((row) => ({
      id: row.id,
      subscriptionId: row.subscription_id,
      revision: row.revision,
      // Not null: only a removed device has no key.
      publicKey: row.public_key ?? '',
      presharedKey:
        row.preshared_key === null ? null : vault.open('devices.preshared_key', row.id, row.preshared_key),
      address4: row.address4,
      address6: row.address6,
      ...standingOf(row, effectiveEnforcement(row.tariff, row.group, fleet), holder),
    }));
  return { items, next: rows.next };
}

/** A device that seems withdrawn, by what was known before the restore: a node that has it open knows better. */
function staysAsItIs(row: Standing, hold: Hold | undefined): boolean {
  if (hold === undefined || !isWithdrawn(row)) return false;
  const since = [row.suspended_at, row.account_suspended_at, row.cancelled_at];
  return since.every((at) => at === null || at < hold.since);
}

function standingOf(
  row: Pick<Row<'devices'>, 'parked' | 'seat_node_id'> & Standing & Pick<Row<'tariffs'>, 'max_connections'>,
  enforcement: Enforcement,
  { nodeId }: Holder,
): Pick<DeviceItem, 'access' | 'seat'> {
  if (enforcement === 'observe') return { access: 'open', seat: 'not-needed' };
  const limited = row.max_connections !== null;
  const parked = row.parked === 1 ? 'closed' : 'open';
  return {
    access: isWithdrawn(row) ? 'withdrawn' : parked,
    seat: !limited ? 'not-needed' : row.seat_node_id === nodeId ? 'held' : 'free',
  };
}
