import type { Node } from './gen/api.ts';
import { showFlag } from './show.ts';
import { renderTable } from './table.ts';

export function nodeTable(nodes: readonly Node[]): string {
  return renderTable(
    ['node', 'endpoint', 'group', 'state', 'connected', 'devices', 'agent'],
    nodes.map((node) => [
      node.name,
      node.endpoint,
      node.group,
      node.refusals.length === 0 ? node.state : `${node.state}, ${node.refusals.length} refused`,
      showFlag(node.connected),
      String(node.connectedDevices),
      node.agentVersion ?? '',
    ]),
  );
}
