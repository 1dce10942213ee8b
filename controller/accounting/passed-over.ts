import type { SubscriptionUsage } from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { NodeIdentity } from '../south/ports.ts';
import { selectInChunks } from '../store/chunks.ts';
import type { Tx } from '../store/store.ts';
import { ledgerKey } from './device-usage.ts';

/**
 * Ledgers ({@link ledgerKey}) of periods that this node says it never was in, and in which something of what it was
 * granted is still out: only these are worth a look at books that are closed.
 */
export async function findPassedOver(
  tx: Tx,
  { nodeId, incarnation }: NodeIdentity,
  entries: readonly Pick<SubscriptionUsage, 'subscriptionId' | 'period' | 'since'>[],
): Promise<string[]> {
  const ranges = entries.filter(({ since, period }) => since > 0 && since < period);
  const rows = await selectInChunks([...new Set(ranges.map((entry) => entry.subscriptionId))], (ids) =>
    tx.db
      .selectFrom('grants')
      .where('subscription_id', 'in', ids)
      .where('node_id', '=', nodeId)
      .where('incarnation', '=', incarnation)
      .where('granted', '>', (row) =>
        row(row(row.ref('used'), '+', row.ref('written_off')), '+', row.ref('released')),
      )
      .select(['subscription_id', 'period'])
      .execute(),
  );
  const out = Map.groupBy(rows, (row) => row.subscription_id);
  return ranges.flatMap(({ subscriptionId, since, period }) =>
    (out.get(subscriptionId) ?? [])
      .filter((row) => row.period >= since && row.period < period)
      .map((row) => ledgerKey(subscriptionId, row.period)),
  );
}
