import { TurnpikeError } from '../../common/errors.ts';
import { type HostPort, parseHostPort } from '../../common/host-port.ts';
import { newId } from '../../common/ids.ts';
import { endIncarnation } from '../accounting/end-incarnation.ts';
import { noteRemoved } from '../backup/removals.ts';
import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { PageFilter } from './catalogue.ts';
import { afterCursor } from './cursor.ts';
import { findGroup, findNode } from './find.ts';
import { loadNode, loadNodes } from './node-view.ts';
import { noLimit } from './paging.ts';
import { seesNode } from './reach.ts';
import type { Node } from './views.ts';
import { parseName } from './words.ts';

export function addNode(
  context: Context,
  input: { name: string; endpoint: string; group?: string; multiplier?: number },
): Promise<Node> {
  const name = parseName('node', input.name);
  const { host, port } = parseEndpoint(input.endpoint);
  const multiplier = parseMultiplier(input.multiplier ?? 1);
  return context.store.transaction(async (tx) => {
    await refuseTakenName(tx, name);
    const group = await findGroup(tx, input.group ?? 'default');
    const id = newId('nod');
    await tx.db
      .insertInto('nodes')
      .values({
        id,
        name,
        endpoint_host: host,
        endpoint_port: port,
        group_id: group.id,
        multiplier,
        incarnation: 0,
        floor_revision: 0n,
        created_at: context.clock.now(),
      })
      .execute();
    return loadNode(context, tx, id);
  });
}

/** Where clients dial. @throws TurnpikeError `invalid` */
export function parseEndpoint(text: string): HostPort {
  const endpoint = parseHostPort(text);
  if (endpoint.port === 0) {
    throw new TurnpikeError('invalid', 'an endpoint needs a port that clients can dial', {
      remedy: 'write such as fra-1.example.net:51820',
    });
  }
  return endpoint;
}

/**
 * What a byte on the node counts against volumes: 1.5 is 1500 per mille. Kept per mille, so that all is exact.
 * @throws TurnpikeError `invalid`
 */
export function parseMultiplier(factor: number): number {
  const perMille = Math.round(factor * 1000);
  if (perMille >= 1 && perMille <= 1_000_000 && Math.abs(perMille - factor * 1000) < 1e-6) return perMille;
  throw new TurnpikeError('invalid', `multiplier: ${factor} is not one from 0.001 to 1000 in thousandths`, {
    field: 'multiplier',
    remedy: 'write such as 1.5',
  });
}

/** @throws TurnpikeError `conflict` */
export async function refuseTakenName(tx: Tx, name: string): Promise<void> {
  const known = await tx.db
    .selectFrom('nodes')
    .where('name', '=', name)
    .where('removed_at', 'is', null)
    .select('id')
    .executeTakeFirst();
  if (known) throw new TurnpikeError('conflict', `there is a node "${name}" already: ${known.id}`);
}

export function listNodes(context: Context, page: PageFilter = {}): Promise<Node[]> {
  return context.store.transaction(async (tx) => {
    let query = tx.db
      .selectFrom('nodes')
      .where('removed_at', 'is', null)
      .where(seesNode(tx))
      .select('id')
      .orderBy('created_at')
      .orderBy('id');
    if (page.after !== undefined) query = query.where(afterCursor('nodes', page.after));
    const rows = await query.limit(page.limit ?? noLimit).execute();
    return loadNodes(
      context,
      tx,
      rows.map(({ id }) => id),
    );
  });
}

export function getNode(context: Context, node: string): Promise<Node> {
  return context.store.transaction(async (tx) => loadNode(context, tx, (await findNode(tx, node)).id));
}

export function removeNode(context: Context, name: string): Promise<Node> {
  return context.store.transaction(async (tx) => {
    const node = await findNode(tx, name);
    await endNode(context, tx, node);
    await noteRemoved(context, tx, { kind: 'node', subject: node.id, at: context.clock.now() });
    return loadNode(context, tx, node.id);
  });
}

export async function endNode(
  context: Context,
  tx: Tx,
  { id, incarnation }: Pick<Row<'nodes'>, 'id' | 'incarnation'>,
): Promise<void> {
  await tx.db.updateTable('nodes').set({ removed_at: context.clock.now() }).where('id', '=', id).execute();
  await tx.db.deleteFrom('join_tokens').where('node_id', '=', id).execute();
  if (incarnation > 0) await endIncarnation(context, tx, { nodeId: id, incarnation });
}
