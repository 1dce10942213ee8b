import { loadStandings } from '../accounting/standings.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { Adjustment } from './views.ts';

/** Of one subscription, in the order in which they were booked. */
export async function loadAdjustments(tx: Tx, subscriptionId: string): Promise<Adjustment[]> {
  const rows = await tx.db
    .selectFrom('adjustments')
    .where('subscription_id', '=', subscriptionId)
    .selectAll()
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  if (rows.length === 0) return [];
  const standings = await loadStandings(tx, [subscriptionId]);
  const left = standings.get(subscriptionId)?.packs ?? new Map<string, bigint>();
  const holders = rows.some(({ pending }) => pending === 1) ? await loadHolders(tx, subscriptionId) : [];
  return rows.map((row) => toAdjustment(row, left.get(row.id) ?? null, row.pending === 1 ? holders : []));
}

function toAdjustment(row: Row<'adjustments'>, left: bigint | null, heldBy: string[]): Adjustment {
  const added = row.kind === 'pack';
  return {
    id: row.id,
    subscriptionId: row.subscription_id,
    kind: kindOf(row),
    period: row.period,
    bytes: added ? row.bytes : -row.taken,
    askedBytes: added ? null : row.bytes,
    pending: row.pending === 1,
    heldBy,
    leftBytes: left,
    expiresAt: row.expires_at,
    pack: row.pack_id,
    reverses: row.reverses,
    reason: row.reason,
    reference: row.reference,
    createdAt: row.created_at,
  };
}

function kindOf({ kind, reverses, of_renewal }: Row<'adjustments'>): Adjustment['kind'] {
  if (reverses !== null) return 'reversal';
  if (of_renewal === 1) return 'renewal';
  return kind === 'pack' ? 'top-up' : 'refund';
}

/** Names of the nodes that hold some of what is not consumed. */
async function loadHolders(tx: Tx, subscriptionId: string): Promise<string[]> {
  const rows = await tx.db
    .selectFrom('grants')
    .innerJoin('nodes', 'nodes.id', 'grants.node_id')
    .innerJoin('subscriptions', 'subscriptions.id', 'grants.subscription_id')
    .where('grants.subscription_id', '=', subscriptionId)
    .whereRef('grants.period', '=', 'subscriptions.period')
    .where((row) =>
      row(row('granted', '-', row.ref('released')), '>', row('used', '+', row.ref('written_off'))),
    )
    .orderBy('nodes.name')
    .select('nodes.name')
    .execute();
  return rows.map(({ name }) => name);
}
