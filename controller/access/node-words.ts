import { showTime } from './show-time.ts';

/** By their names. */
export interface GroupNodes {
  /** All of its group. */
  readonly nodes: readonly string[];
  readonly connectedNodes: readonly string[];
  /** Of those, the ones that were there once and are out of contact now: they may serve it unseen. */
  readonly awayNodes: readonly string[];
  /** Those that never joined. */
  readonly waitingNodes: readonly string[];
}

/** A node that came with another WireGuard key at `at`, milliseconds since 1970. */
export interface Rekeyed {
  readonly node: string;
  readonly at: number;
}

/** Why configurations of before may not work; empty where no node has another key. */
export function describeRekeyed(nodes: readonly Rekeyed[]): string {
  return nodes
    .map(
      ({ node, at }) =>
        `; ${node} has another WireGuard key since ${showTime(at)}, and a configuration from before does not reach it: hand it out anew (turnpike device config DEVICE --node ${node})`,
    )
    .join('');
}

/** Why no node can serve it, or tell; undefined where one can. */
export function describeNowhere({
  nodes,
  waitingNodes,
  awayNodes,
  connectedNodes,
}: GroupNodes): string | undefined {
  if (nodes.length === 0) return 'the group of its tariff has no node';
  if (waitingNodes.length === nodes.length) {
    return `no node of its group has joined (${nodes.join(', ')}): ${joinOf(nodes)}`;
  }
  if (connectedNodes.length > 0) return undefined;
  const joined = waitingNodes.length === 0 ? 'node' : 'node that has joined';
  return `no ${joined} of its group is in contact with the controller (${awayNodes.join(', ')}); what ${awayNodes.length === 1 ? 'it sees' : 'they see'} is not known${describeUnjoined({ waitingNodes })}`;
}

/** Of a group of which others have joined; empty where all have. */
export function describeUnjoined({ waitingNodes }: Pick<GroupNodes, 'waitingNodes'>): string {
  if (waitingNodes.length === 0) return '';
  return `; ${waitingNodes.join(', ')} ${waitingNodes.length === 1 ? 'has not joined yet and serves' : 'have not joined yet and serve'} nobody (${joinOf(waitingNodes)})`;
}

const joinOf = (nodes: readonly string[]) => `turnpike node token ${nodes[0]} gives the command to join`;

/** Where those that are seen nowhere can be served, and where not; empty where all nodes can. */
export function describeNodes(situation: GroupNodes): string {
  const nowhere = describeNowhere(situation);
  if (nowhere !== undefined) return `; ${nowhere}`;
  const { awayNodes, connectedNodes } = situation;
  const away =
    awayNodes.length === 0
      ? ''
      : `; ${awayNodes.join(', ')} ${areAway(awayNodes)}, and what is connected there is not known`;
  const lacking = away + describeUnjoined(situation);
  return lacking === '' ? '' : `${lacking}; let the devices use ${connectedNodes.join(' or ')}`;
}

export const areAway = (list: readonly unknown[]) => `${list.length === 1 ? 'is' : 'are'} out of contact`;
