import type { LedgerRow } from '../ledger/row.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { NewRow } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** A ledger row with what the store knows around it. */
export interface StoredGrant {
  readonly subscriptionId: string;
  readonly nodeId: string;
  readonly incarnation: number;
  readonly period: number;
  readonly ledger: LedgerRow;
  readonly ended: boolean;
  readonly quarantined: boolean;
  /** When the incarnation began. */
  readonly begunAt: number;
  /** Of the node, now. */
  readonly groupId: string;
  readonly revision: bigint;
}

/**
 * Makes the rows that are missing: of each subscription with a device, on each enrolled node of its group, for the
 * current period and the next one where that is open.
 */
export async function addMissingGrants(
  tx: Tx,
  where: { readonly subscriptionIds: readonly string[] } | { readonly nodeId: string },
): Promise<void> {
  let missing = tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('nodes', 'nodes.group_id', 'tariffs.group_id')
    .innerJoin('periods', (join) =>
      join
        .onRef('periods.subscription_id', '=', 'subscriptions.id')
        .onRef('periods.number', '>=', 'subscriptions.period'),
    )
    .where('nodes.removed_at', 'is', null)
    .where('nodes.incarnation', '>', 0)
    .where((row) =>
      row.exists(
        row
          .selectFrom('devices')
          .whereRef('devices.subscription_id', '=', 'subscriptions.id')
          .where('devices.removed_at', 'is', null)
          .select('devices.id'),
      ),
    )
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom('grants')
            .whereRef('grants.subscription_id', '=', 'subscriptions.id')
            .whereRef('grants.node_id', '=', 'nodes.id')
            .whereRef('grants.incarnation', '=', 'nodes.incarnation')
            .whereRef('grants.period', '=', 'periods.number')
            .select('grants.node_id'),
        ),
      ),
    );
  missing =
    'nodeId' in where
      ? missing.where('nodes.id', '=', where.nodeId)
      : missing.where('subscriptions.id', 'in', where.subscriptionIds);
  const rows = await missing
    .select([
      'subscriptions.id as subscription_id',
      'nodes.id as node_id',
      'nodes.incarnation',
      'nodes.multiplier',
      'periods.number as period',
    ])
    .execute();
  await insertGrants(tx, rows);
}

/**
 * Rows of a period that was opened just now: also on nodes that left the group, because they still have the
 * subscription and turn by themselves.
 */
export async function addNextGrants(
  tx: Tx,
  { subscriptionId, period }: { subscriptionId: string; period: number },
): Promise<void> {
  const rows = await tx.db
    .selectFrom('grants')
    .innerJoin('nodes', 'nodes.id', 'grants.node_id')
    .where('grants.subscription_id', '=', subscriptionId)
    .where('grants.period', '=', period - 1)
    .where('grants.ended', '=', 0)
    .select(['grants.subscription_id', 'grants.node_id', 'grants.incarnation', 'nodes.multiplier'])
    .execute();
  await insertGrants(
    tx,
    rows.map((row) => ({ ...row, period })),
  );
  await addMissingGrants(tx, { subscriptionIds: [subscriptionId] });
}

type NewGrant = Pick<
  NewRow<'grants'>,
  'subscription_id' | 'node_id' | 'incarnation' | 'period' | 'multiplier'
>;

async function insertGrants(tx: Tx, rows: readonly NewGrant[]): Promise<void> {
  if (rows.length === 0) return;
  const revision = await tx.revision();
  for (const chunk of chunks(rows, 100)) {
    await tx.db
      .insertInto('grants')
      .values(chunk.map((row) => ({ ...nothing, ...row, revision })))
      .execute();
  }
}

const nothing = {
  granted: 0n,
  used: 0n,
  written_off: 0n,
  released: 0n,
  beyond: 0n,
  throttled: 0n,
  recall: 0,
  recall_answered: 0,
  wanting: 0,
  rate: 0n,
  allowance: 0,
  beyond_rate: 0n,
  ended: 0,
};

/** By subscription: of the current period and later; where `earliest` names a period, from that one on. */
export async function loadGrants(
  tx: Tx,
  subscriptionIds: readonly string[],
  earliest: ReadonlyMap<string, number> = new Map(),
): Promise<Map<string, StoredGrant[]>> {
  const select = () =>
    tx.db
      .selectFrom('grants')
      .innerJoin('nodes', 'nodes.id', 'grants.node_id')
      .innerJoin('incarnations', (join) =>
        join
          .onRef('incarnations.node_id', '=', 'grants.node_id')
          .onRef('incarnations.incarnation', '=', 'grants.incarnation'),
      )
      .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
      .selectAll('grants')
      .select(['nodes.group_id', 'incarnations.quarantined_at', 'incarnations.created_at as begun_at'])
      .orderBy('grants.period')
      .orderBy('nodes.created_at')
      .orderBy('nodes.id');
  const current = subscriptionIds.filter((id) => !earliest.has(id));
  const rows = await selectInChunks(current, (chunk) =>
    select()
      .where('grants.subscription_id', 'in', chunk)
      .whereRef('grants.period', '>=', 'subscriptions.period')
      .execute(),
  );
  for (const [id, period] of earliest) {
    rows.push(
      ...(await select()
        .where('grants.subscription_id', '=', id)
        .where('grants.period', '>=', period)
        .execute()),
    );
  }
  const bySubscription = new Map<string, StoredGrant[]>();
  for (const row of rows) {
    const all = bySubscription.get(row.subscription_id) ?? [];
    bySubscription.set(row.subscription_id, all);
    all.push({
      subscriptionId: row.subscription_id,
      nodeId: row.node_id,
      incarnation: row.incarnation,
      period: row.period,
      ended: row.ended === 1,
      quarantined: row.quarantined_at !== null,
      begunAt: row.begun_at,
      groupId: row.group_id,
      revision: row.revision,
      ledger: {
        granted: row.granted,
        used: row.used,
        writtenOff: row.written_off,
        released: row.released,
        beyond: row.beyond,
        throttled: row.throttled,
        multiplier: BigInt(row.multiplier),
        recall: row.recall,
        recallAnswered: row.recall_answered,
        wanting: row.wanting === 1,
        rate: row.rate,
        allowance: row.allowance === 1,
        beyondRate: row.beyond_rate,
      },
    });
  }
  return bySubscription;
}

export async function saveGrants(tx: Tx, grants: readonly StoredGrant[]): Promise<void> {
  for (const chunk of chunks(grants.map(toRow), 100)) {
    await tx.db
      .insertInto('grants')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['subscription_id', 'node_id', 'incarnation', 'period']).doUpdateSet((row) => ({
          granted: row.ref('excluded.granted'),
          used: row.ref('excluded.used'),
          written_off: row.ref('excluded.written_off'),
          released: row.ref('excluded.released'),
          beyond: row.ref('excluded.beyond'),
          throttled: row.ref('excluded.throttled'),
          recall: row.ref('excluded.recall'),
          recall_answered: row.ref('excluded.recall_answered'),
          wanting: row.ref('excluded.wanting'),
          rate: row.ref('excluded.rate'),
          allowance: row.ref('excluded.allowance'),
          beyond_rate: row.ref('excluded.beyond_rate'),
          ended: row.ref('excluded.ended'),
          revision: row.ref('excluded.revision'),
        })),
      )
      .execute();
  }
}

function toRow(grant: StoredGrant): NewRow<'grants'> {
  const { ledger } = grant;
  return {
    subscription_id: grant.subscriptionId,
    node_id: grant.nodeId,
    incarnation: grant.incarnation,
    period: grant.period,
    multiplier: Number(ledger.multiplier),
    granted: ledger.granted,
    used: ledger.used,
    written_off: ledger.writtenOff,
    released: ledger.released,
    beyond: ledger.beyond,
    throttled: ledger.throttled,
    recall: ledger.recall,
    recall_answered: ledger.recallAnswered,
    wanting: Number(ledger.wanting),
    rate: ledger.rate,
    allowance: Number(ledger.allowance),
    beyond_rate: ledger.beyondRate,
    ended: Number(grant.ended),
    revision: grant.revision,
  };
}
