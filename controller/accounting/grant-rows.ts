import type { LedgerRow } from '../ledger/row.ts';
import { chunks, selectInChunks } from '../store/chunks.ts';
import type { NewRow } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';

/** A ledger row with what the store knows around it. */
export interface StoredGrant {
  readonly subscriptionId: string;
  readonly nodeId: string;
  readonly incarnation: number;
  readonly ledger: LedgerRow;
  readonly ended: boolean;
  readonly quarantined: boolean;
  /** Of the node, now. */
  readonly groupId: string;
  readonly revision: bigint;
}

/** Makes the rows that are missing: of each subscription with a device, on each enrolled node of its group. */
export async function addMissingGrants(
  tx: Tx,
  where: { readonly subscriptionId: string } | { readonly nodeId: string },
): Promise<void> {
  const revision = await tx.revision();
  let missing = tx.db
    .selectFrom('subscriptions')
    .innerJoin('tariffs', 'tariffs.id', 'subscriptions.tariff_id')
    .innerJoin('nodes', 'nodes.group_id', 'tariffs.group_id')
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
            .select('grants.node_id'),
        ),
      ),
    );
  missing =
    'nodeId' in where
      ? missing.where('nodes.id', '=', where.nodeId)
      : missing.where('subscriptions.id', '=', where.subscriptionId);
  const rows = await missing
    .select(['subscriptions.id as subscription_id', 'nodes.id as node_id', 'nodes.incarnation'])
    .execute();
  for (const chunk of chunks(rows, 100)) {
    await tx.db
      .insertInto('grants')
      .values(chunk.map((row) => ({ ...row, ...nothing, revision })))
      .execute();
  }
}

const nothing = {
  granted: 0n,
  used: 0n,
  written_off: 0n,
  released: 0n,
  recall: 0,
  recall_answered: 0,
  wanting: 0,
  rate: 0n,
  allowance: 0,
  ended: 0,
};

/** By subscription. */
export async function loadGrants(
  tx: Tx,
  subscriptionIds: readonly string[],
): Promise<Map<string, StoredGrant[]>> {
  const rows = await selectInChunks(subscriptionIds, (chunk) =>
    tx.db
      .selectFrom('grants')
      .innerJoin('nodes', 'nodes.id', 'grants.node_id')
      .innerJoin('incarnations', (join) =>
        join
          .onRef('incarnations.node_id', '=', 'grants.node_id')
          .onRef('incarnations.incarnation', '=', 'grants.incarnation'),
      )
      .where('grants.subscription_id', 'in', chunk)
      .selectAll('grants')
      .select(['nodes.group_id', 'incarnations.quarantined_at'])
      .execute(),
  );
  const bySubscription = new Map<string, StoredGrant[]>();
  for (const row of rows) {
    const all = bySubscription.get(row.subscription_id) ?? [];
    bySubscription.set(row.subscription_id, all);
    all.push({
      subscriptionId: row.subscription_id,
      nodeId: row.node_id,
      incarnation: row.incarnation,
      ended: row.ended === 1,
      quarantined: row.quarantined_at !== null,
      groupId: row.group_id,
      revision: row.revision,
      ledger: {
        granted: row.granted,
        used: row.used,
        writtenOff: row.written_off,
        released: row.released,
        recall: row.recall,
        recallAnswered: row.recall_answered,
        wanting: row.wanting === 1,
        rate: row.rate,
        allowance: row.allowance === 1,
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
        conflict.columns(['subscription_id', 'node_id', 'incarnation']).doUpdateSet((row) => ({
          granted: row.ref('excluded.granted'),
          used: row.ref('excluded.used'),
          written_off: row.ref('excluded.written_off'),
          released: row.ref('excluded.released'),
          recall: row.ref('excluded.recall'),
          recall_answered: row.ref('excluded.recall_answered'),
          wanting: row.ref('excluded.wanting'),
          rate: row.ref('excluded.rate'),
          allowance: row.ref('excluded.allowance'),
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
    granted: ledger.granted,
    used: ledger.used,
    written_off: ledger.writtenOff,
    released: ledger.released,
    recall: ledger.recall,
    recall_answered: ledger.recallAnswered,
    wanting: Number(ledger.wanting),
    rate: ledger.rate,
    allowance: Number(ledger.allowance),
    ended: Number(grant.ended),
    revision: grant.revision,
  };
}
