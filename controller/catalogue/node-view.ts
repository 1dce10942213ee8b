import { formatHostPort } from '../../common/host-port.ts';
import type { Context } from '../books/context.ts';
import type { Tx } from '../store/store.ts';
import { seenAmong } from './reach.ts';
import type { Node } from './views.ts';

/** As shown; the query's order is the order of creation. */
export async function loadNodes({ live }: Context, tx: Tx, ids?: readonly string[]): Promise<Node[]> {
  let query = tx.db
    .selectFrom('nodes')
    .innerJoin('groups', 'groups.id', 'nodes.group_id')
    .leftJoin('incarnations', (join) =>
      join
        .onRef('incarnations.node_id', '=', 'nodes.id')
        .onRef('incarnations.incarnation', '=', 'nodes.incarnation'),
    )
    .selectAll('nodes')
    .select(['groups.name as group', 'incarnations.quarantined_at'])
    .select((row) =>
      row
        .selectFrom('certificates')
        .whereRef('certificates.node_id', '=', 'nodes.id')
        .whereRef('certificates.incarnation', '=', 'nodes.incarnation')
        .select((inner) => inner.fn.max('not_after').as('newest'))
        .as('certificate_expires'),
    )
    .orderBy('nodes.created_at')
    .orderBy('nodes.id');
  query =
    ids === undefined ? query.where('nodes.removed_at', 'is', null) : query.where('nodes.id', 'in', ids);
  const rows = await query.execute();
  const told = rows.flatMap(({ id }) => [
    ...live.connectedDevices(id),
    ...(live.node(id)?.refusals.keys() ?? []),
  ]);
  // What nodes have of customers is said to those who may see them.
  const seen = await seenAmong(tx, told);
  return rows.map((row) => {
    const now = live.node(row.id);
    return {
      id: row.id,
      name: row.name,
      endpoint: formatHostPort({ host: row.endpoint_host, port: row.endpoint_port }),
      group: row.group,
      multiplier: row.multiplier / 1000,
      state: row.incarnation === 0 ? 'waiting' : row.quarantined_at === null ? 'enrolled' : 'quarantined',
      incarnation: row.incarnation,
      connected: now?.connected ?? false,
      lastContactAt: now?.lastContactAt ?? null,
      appliedRevision: now?.appliedRevision ?? null,
      refusals: [...(now?.refusals ?? [])].flatMap(([id, reason]) => (seen.has(id) ? [{ id, reason }] : [])),
      publicKey: row.public_key,
      keyChangedAt: row.key_changed_at,
      agentVersion: row.agent_version,
      driver: row.driver,
      ipv6: row.ipv6 === null ? null : row.ipv6 === 1,
      connectedDevices: live.connectedDevices(row.id).filter((id) => seen.has(id)).length,
      // SQLite's max() of a column loses its type: a bigint, while all times are numbers.
      certificateExpiresAt: row.certificate_expires === null ? null : Number(row.certificate_expires),
      createdAt: row.created_at,
    };
  });
}

/** @throws when there is none: callers have just found it. */
export async function loadNode(context: Context, tx: Tx, id: string): Promise<Node> {
  return (await loadNodes(context, tx, [id]))[0] as Node;
}
