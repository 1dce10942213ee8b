import type { Context } from '../books/context.ts';
import { effectiveEnforcement, loadFleetEnforcement } from '../catalogue/effective-enforcement.ts';
import type { Enforcement } from '../catalogue/views.ts';
import { isWithdrawn } from '../lifetime/phase.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { SeatNode } from './situation.ts';

/** A subscription as far as seats are concerned. */
export interface SeatSubscription {
  readonly id: string;
  /** null: any number. */
  readonly limit: number | null;
  readonly policy: Row<'tariffs'>['seat_policy'];
  readonly sharedKey: Row<'tariffs'>['shared_key'];
  readonly enforcement: Enforcement;
  readonly serving: boolean;
  /** Of its group. */
  readonly nodes: ReadonlyMap<string, SeatNode>;
  readonly devices: readonly SeatRow[];
}

export type SeatRow = Pick<Row<'devices'>, 'id' | 'subscription_id' | 'parked' | 'seat_node_id'>;

export async function loadSeatSubscriptions(
  context: Context,
  tx: Tx,
  ids: readonly string[],
): Promise<SeatSubscription[]> {
  const fleet = await loadFleetEnforcement(tx);
  const groups = await loadNodes(context, tx);
  const devices = Map.groupBy(await loadDevices(tx, ids), (row) => row.subscription_id);
  const rows = await selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('subscriptions')
      .innerJoin('accounts', 'accounts.id', 'subscriptions.account_id')
      .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
      .innerJoin('groups', 'groups.id', 'tariffs.group_id')
      .where('subscriptions.id', 'in', chunk)
      .select([
        'subscriptions.id',
        'subscriptions.suspended_at',
        'accounts.suspended_at as account_suspended_at',
        'subscriptions.cancelled_at',
        'subscriptions.phase',
        'subscriptions.starts',
        'subscriptions.exhausted_at',
        'tariffs.max_connections',
        'tariffs.seat_policy',
        'tariffs.shared_key',
        'tariffs.throttle_bits_per_second',
        'tariffs.group_id',
        'tariffs.enforcement as tariff_enforcement',
        'groups.enforcement as group_enforcement',
      ])
      .execute(),
  );
  return rows.map((row) => {
    const usedUp = row.exhausted_at !== null && row.throttle_bits_per_second === null;
    const enforcement = effectiveEnforcement(row.tariff_enforcement, row.group_enforcement, fleet);
    return {
      id: row.id,
      limit: row.max_connections,
      policy: row.seat_policy,
      sharedKey: row.shared_key,
      enforcement,
      serving: enforcement === 'observe' || !(isWithdrawn(row) || usedUp),
      nodes: groups.get(row.group_id) ?? new Map<string, SeatNode>(),
      devices: devices.get(row.id) ?? [],
    };
  });
}

function loadDevices(tx: Tx, ids: readonly string[]): Promise<SeatRow[]> {
  return selectInChunks(ids, (chunk) =>
    tx.db
      .selectFrom('devices')
      .where('subscription_id', 'in', chunk)
      .where('removed_at', 'is', null)
      .select(['id', 'subscription_id', 'parked', 'seat_node_id'])
      .execute(),
  );
}

/** By group. */
async function loadNodes({ live }: Context, tx: Tx): Promise<Map<string, Map<string, SeatNode>>> {
  const rows = await tx.db
    .selectFrom('nodes')
    .where('removed_at', 'is', null)
    .select(['id', 'group_id'])
    .execute();
  const groups = new Map<string, Map<string, SeatNode>>();
  for (const { id, group_id } of rows) {
    const group = groups.get(group_id) ?? new Map<string, SeatNode>();
    groups.set(group_id, group);
    const { connected, since } = live.node(id) ?? { connected: false, since: live.startedAt };
    group.set(id, { connected, since });
  }
  return groups;
}
