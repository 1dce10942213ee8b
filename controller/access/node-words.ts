import { showTime } from '../calendar/show-time.ts';

/** By their names. */
export interface GroupNodes {
  /** All of its group. */
  readonly nodes: readonly string[];
  readonly connectedNodes: readonly string[];
  /** Of those, the ones that were there once and are out of contact now: they may serve it unseen. */
  readonly awayNodes: readonly string[];
  readonly idleNodes: readonly IdleNode[];
}

/**
 * One that serves nobody, and needs more than contact. `waiting`: it never joined. `quarantined`: its identity is refused.
 * `unstarted`: it joined, and was never connected.
 */
export interface IdleNode {
  readonly name: string;
  readonly state: 'waiting' | 'quarantined' | 'unstarted';
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
  idleNodes,
  awayNodes,
  connectedNodes,
}: GroupNodes): string | undefined {
  if (nodes.length === 0) return 'the group of its tariff has no node';
  if (idleNodes.every(({ state }) => state === 'waiting') && idleNodes.length === nodes.length) {
    return `no node of its group has joined (${nodes.join(', ')}): ${joinOf(idleNodes)}`;
  }
  if (connectedNodes.length > 0) return undefined;
  if (awayNodes.length === 0) return `no node of its group can serve it${describeIdle({ idleNodes })}`;
  const joined = idleNodes.some(({ state }) => state === 'waiting') ? 'node that has joined' : 'node';
  return `no ${joined} of its group is in contact with the controller (${awayNodes.join(', ')}); what ${awayNodes.length === 1 ? 'it sees' : 'they see'} is not known${describeIdle({ idleNodes })}`;
}

/** Of a group of which others serve; empty where all do. */
export function describeIdle({ idleNodes }: Pick<GroupNodes, 'idleNodes'>): string {
  return (['waiting', 'quarantined', 'unstarted'] as const)
    .map((state) => {
      const of = idleNodes.filter((node) => node.state === state);
      return of.length === 0 ? '' : `; ${idleWords[state](of)}`;
    })
    .join('');
}

const namesOf = (nodes: readonly IdleNode[]) => nodes.map(({ name }) => name).join(', ');

const joinOf = ([first]: readonly IdleNode[]) =>
  `turnpike node token ${first?.name} gives the command to join`;

const idleWords: { readonly [State in IdleNode['state']]: (nodes: readonly IdleNode[]) => string } = {
  waiting: (nodes) =>
    `${namesOf(nodes)} ${nodes.length === 1 ? 'has not joined yet and serves' : 'have not joined yet and serve'} nobody (${joinOf(nodes)})`,
  quarantined: (nodes) =>
    `${namesOf(nodes)} ${nodes.length === 1 ? 'is quarantined and serves' : 'are quarantined and serve'} nobody before joining anew (${joinOf(nodes)})`,
  unstarted: (nodes) =>
    `${namesOf(nodes)} ${nodes.length === 1 ? 'has joined, was never connected and serves' : 'have joined, were never connected and serve'} nobody (there: systemctl enable --now turnpike-agent)`,
};

/** Where those that are seen nowhere can be served, and where not; empty where all nodes can. */
export function describeNodes(situation: GroupNodes): string {
  const nowhere = describeNowhere(situation);
  if (nowhere !== undefined) return `; ${nowhere}`;
  const { awayNodes, connectedNodes } = situation;
  const away =
    awayNodes.length === 0
      ? ''
      : `; ${awayNodes.join(', ')} ${areAway(awayNodes)}, and what is connected there is not known`;
  const lacking = away + describeIdle(situation);
  return lacking === '' ? '' : `${lacking}; let the devices use ${connectedNodes.join(' or ')}`;
}

export const areAway = (list: readonly unknown[]) => `${list.length === 1 ? 'is' : 'are'} out of contact`;
