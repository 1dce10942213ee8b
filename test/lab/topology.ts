import { interfaceName, namespaceName, portName } from './names.ts';
import { run } from './run.ts';

/**
 * Three cables rooms, none of them with a way out of the lab:
 *
 *   ctl ── mgmt ── n1, n2 …          what agents dial
 *   c1, c2 … ── acc ── n1, n2 …      where WireGuard's own packets travel
 *   n1, n2 … ── wan ── net           "the internet": one server, IPv4 and IPv6
 *
 * A client is on `acc` only, so whatever of it arrives at `net` came through a node.
 */
export type Network = 'mgmt' | 'acc' | 'wan';

export type Place = 'home' | 'away';

export interface HostPlan {
  /** Short: `ctl`, `n1`, `c1`, `net`, `sw`. */
  readonly name: string;
  readonly links: readonly LinkPlan[];
  /** `ip route` arguments. */
  readonly routes: readonly string[];
}

interface LinkPlan {
  readonly network: Network;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

export const controllerAddress = '10.91.0.1';
export const internetAddress4 = '198.51.100.1';
export const internetAddress6 = '2001:db8:100::1';
export const accessAddress = (node: number) => `192.0.2.${10 + node}`;
/** Where a client is at first, and where it may roam to. */
export const underlayAddress = (client: number, place: Place) =>
  `192.0.2.${(place === 'home' ? 100 : 200) + client}`;
/** From where the internet sees a node's clients. */
export const publicAddress4 = (node: number) => `198.51.100.${10 + node}`;
export const publicAddress6 = (node: number) => `2001:db8:100::${10 + node}`;

export function planHosts(nodes: number, clients: number): readonly HostPlan[] {
  const plans: HostPlan[] = [
    { name: 'ctl', links: [{ network: 'mgmt', addresses: [`${controllerAddress}/24`] }], routes: [] },
    {
      name: 'net',
      links: [{ network: 'wan', addresses: [`${internetAddress4}/24`, `${internetAddress6}/64`] }],
      routes: [],
    },
  ];
  for (let i = 1; i <= nodes; i++) {
    plans.push({
      name: `n${i}`,
      links: [
        { network: 'mgmt', addresses: [`10.91.0.${10 + i}/24`] },
        { network: 'acc', addresses: [`${accessAddress(i)}/24`] },
        { network: 'wan', addresses: [`${publicAddress4(i)}/24`, `${publicAddress6(i)}/64`] },
      ],
      routes: [`add default via ${internetAddress4}`, `add default via ${internetAddress6}`],
    });
  }
  for (let j = 1; j <= clients; j++) {
    plans.push({
      name: `c${j}`,
      links: [{ network: 'acc', addresses: [`${underlayAddress(j, 'home')}/24`] }],
      routes: [],
    });
  }
  return plans;
}

// Quiet hosts: whatever passes a tunnel is ours and counted. No router solicitation, no duplicate address detection.
const quiet = ['accept_ra=0', 'autoconf=0', 'router_solicitations=0', 'accept_dad=0'].flatMap((setting) => [
  `net.ipv6.conf.default.${setting}`,
  `net.ipv6.conf.all.${setting}`,
]);

/** Makes all namespaces and cables. What it has made when it fails is the janitor's to remove. */
export async function buildTopology(prefix: string, plans: readonly HostPlan[]): Promise<void> {
  const switchSpace = namespaceName(prefix, 'sw');
  const spaces = [switchSpace, ...plans.map((plan) => namespaceName(prefix, plan.name))];
  await run(['ip', '-batch', '-'], { input: spaces.map((space) => `netns add ${space}\n`).join('') });
  await Promise.all(
    spaces.map((space) => run(['ip', 'netns', 'exec', space, 'sysctl', '-q', '-w', ...quiet])),
  );

  const cables = plans.flatMap(({ name, links }) =>
    links.map(
      ({ network }) =>
        `link add ${interfaceName(prefix, name, network)} netns ${namespaceName(prefix, name)} type veth ` +
        `peer name ${portName(prefix, name, network)} netns ${switchSpace}\n`,
    ),
  );
  await run(['ip', '-batch', '-'], { input: cables.join('') });
  await run(['ip', '-n', switchSpace, '-batch', '-'], { input: switchBatch(prefix, plans).join('\n') });
  await Promise.all(
    plans.map((plan) =>
      run(['ip', '-n', namespaceName(prefix, plan.name), '-batch', '-'], {
        input: hostBatch(prefix, plan).join('\n'),
      }),
    ),
  );
}

function switchBatch(prefix: string, plans: readonly HostPlan[]): string[] {
  const bridges = (['mgmt', 'acc', 'wan'] as const).flatMap((network) => [
    `link add ${network} type bridge mcast_snooping 0`,
    `link set ${network} up`,
  ]);
  const ports = plans.flatMap(({ name, links }) =>
    links.map(({ network }) => `link set ${portName(prefix, name, network)} master ${network} up`),
  );
  return [...bridges, ...ports];
}

function hostBatch(prefix: string, { name, links, routes }: HostPlan): string[] {
  return [
    'link set lo up',
    ...links.flatMap(({ network, addresses }) => {
      const device = interfaceName(prefix, name, network);
      const adds = addresses.map((address) => `addr add ${address} dev ${device}`);
      return [...adds, `link set ${device} up`];
    }),
    ...routes.map((route) => `route ${route}`),
  ];
}
