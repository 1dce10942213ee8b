import type { Context } from '../books/context.ts';
import type { Node, Subscription } from '../catalogue/views.ts';
import type { Tx } from '../store/store.ts';
import type { AwayNode } from './unheard.ts';

/** Of the group's nodes those that are out of contact and may serve the subscription unseen. */
export function listAway(nodes: readonly Node[]): Node[] {
  return nodes.filter((node) => !node.connected && node.state === 'enrolled' && !isUnstarted(node));
}

/** It has an identity, and was never connected: so it holds nothing of anybody. */
export function isUnstarted({ state, connected, agentVersion }: Node): boolean {
  return state === 'enrolled' && !connected && agentVersion === null;
}

/** What those nodes may still let pass. `deviceId`: of this device alone. `throttles`: without volume it goes on there. */
export async function loadAwayNodes(
  { clock, live, validitySeconds }: Context,
  tx: Tx,
  { id, volumeBytes, enforcement, period }: Subscription,
  nodes: readonly Node[],
  { deviceId, throttles }: { readonly deviceId?: string; readonly throttles: boolean },
): Promise<AwayNode[]> {
  const away = listAway(nodes);
  if (away.length === 0) return [];
  let query = tx.db.selectFrom('devices').where('subscription_id', '=', id);
  if (deviceId !== undefined) query = query.where('id', '=', deviceId);
  const devices = await query.select(['revision', 'created_at']).execute();
  // A node turns by itself to what it was granted for the next period.
  const grants = await tx.db
    .selectFrom('grants')
    .where('subscription_id', '=', id)
    .where('period', '>=', period)
    .where('ended', '=', 0)
    .select(['node_id', 'incarnation', 'granted', 'used', 'written_off', 'released'])
    .execute();
  const free = volumeBytes === null || enforcement === 'observe';
  return away.flatMap((node) => {
    // Of one that was not heard since the controller started: since then.
    const since = clock.now() - live.awayMs(node.id);
    // Who was added after that is not known there.
    const known = devices.filter(({ created_at }) => created_at <= since);
    if (known.length === 0) return [];
    const { appliedRevision: applied } = node;
    return {
      name: node.name,
      told: applied !== null && known.every(({ revision }) => revision <= applied),
      heldBytes:
        free || throttles
          ? null
          : grants
              .filter((row) => row.node_id === node.id && row.incarnation === node.incarnation)
              .reduce((sum, row) => sum + row.granted - row.used - row.written_off - row.released, 0n),
      validUntil: free ? null : since + validitySeconds * 1000,
    };
  });
}
