import type { Context } from '../books/context.ts';
import type { Row } from '../store/schema.ts';
import type { Tx } from '../store/store.ts';
import type { NodeSettings } from './catalogue.ts';
import { findGroup, findNode } from './find.ts';
import { move } from './move-node.ts';
import { loadNode } from './node-view.ts';
import { parseEndpoint, parseMultiplier, refuseTakenName } from './nodes.ts';
import type { Node } from './views.ts';
import { parseName } from './words.ts';

/** What is given changes, the rest stays. */
export function setNode(context: Context, name: string, input: NodeSettings): Promise<Node> {
  const renamed = input.name === undefined ? undefined : parseName('node', input.name);
  const endpoint = input.endpoint === undefined ? undefined : parseEndpoint(input.endpoint);
  const multiplier = input.multiplier === undefined ? undefined : parseMultiplier(input.multiplier);
  return context.store.transaction(async (tx) => {
    const node = await findNode(tx, name);
    if (renamed !== undefined && renamed !== node.name) await rename(tx, node, renamed);
    if (endpoint !== undefined) {
      await tx.db
        .updateTable('nodes')
        .set({ endpoint_host: endpoint.host, endpoint_port: endpoint.port })
        .where('id', '=', node.id)
        .execute();
      // The node listens on that port.
      await tx.revision();
    }
    if (multiplier !== undefined) {
      // Of periods that begin from now on: what is granted of those that run was granted by the old one.
      await tx.db.updateTable('nodes').set({ multiplier }).where('id', '=', node.id).execute();
    }
    if (input.group !== undefined) {
      const group = await findGroup(tx, input.group);
      if (group.id !== node.group_id) await move(context, tx, node, group.id);
    }
    return loadNode(context, tx, node.id);
  });
}

async function rename(tx: Tx, { id }: Row<'nodes'>, name: string): Promise<void> {
  await refuseTakenName(tx, name);
  await tx.db.updateTable('nodes').set({ name }).where('id', '=', id).execute();
}
