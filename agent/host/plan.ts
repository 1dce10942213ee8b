import type { NodeSettings } from '../desired/state.ts';
import { parseAddress, parseRange, passMark } from '../gate/names.ts';
import {
  checksMark4,
  type FamilyState,
  forwarding4,
  forwarding6,
  type HostState,
  type Route,
  type Rule,
  sysctlPath,
} from './observe.ts';

/** One thing to mend, as a line for people and as the commands that mend it. */
export interface Step {
  readonly line: string;
  readonly commands: readonly (readonly [string, ...string[]])[];
  /** Forwarding that this step turns on, to be remembered beforehand and turned off again by `down`. */
  readonly turnsOn?: string;
}

/** How an interface says that it is ours. */
export const alias = 'turnpike';

/** Our mark on routes (rtnetlink's protocol field; below 256, and not among those that iproute2 names). */
export const routeProtocol = '84';

/**
 * The interlock, which closes the road when somebody flushes the ruleset: forwarded packets from and to devices that lack
 * the bit which only our table sets are blackholed. The first rule lets through what the node sends itself.
 *
 * rp_filter looks up the way back of a forwarded packet as if it came in where the packet goes out: it would run into these
 * rules if it did not see the packet's mark (src_valid_mark).
 *
 * A rule that the operator adds without a priority goes in front of these; it should then leave the tunnel range alone. A
 * rule of the operator's that matches marks must have a mask, because our bit stands beside his.
 */
export function interlock(interfaceName: string, range: string): readonly Rule[] {
  return [
    { priority: 2001, text: `iif lo to ${range} lookup main` },
    { priority: 2002, text: `to ${range} fwmark 0/${passMark} blackhole` },
    { priority: 2003, text: `iif ${interfaceName} fwmark 0/${passMark} blackhole` },
  ];
}

/**
 * What finds no room there was let through and billed, and does not arrive. As it comes (500) wireguard-go must not be kept from
 * working for 60 ms at 100 Mbit/s; much more would let packets wait for long where it is too slow.
 */
const queueLength = 2000;

const interlockPriorities = new Set([2001, 2002, 2003]);

/** What must be done to a host, whose interface is there already, until it is as it should be; nothing when it is. */
export function planHost(
  interfaceName: string,
  settings: NodeSettings,
  carriesIpv6: boolean,
  state: HostState,
): readonly Step[] {
  const ip = (...args: string[]): Step['commands'] => [['ip', ...args]];
  const device = ['dev', interfaceName];
  const { link } = state;
  const steps: Step[] = [];

  if (link.alias !== alias) {
    steps.push({
      line: `mark ${interfaceName} as ours`,
      commands: ip('link', 'set', ...device, 'alias', alias),
    });
  }
  if (link.kind === 'tun' && link.queueLength < queueLength) {
    const commands = ip('link', 'set', ...device, 'txqueuelen', String(queueLength));
    steps.push({ line: `let ${queueLength} packets wait for wireguard-go`, commands });
  }
  if (link.mtu !== settings.mtu) {
    const commands = ip('link', 'set', ...device, 'mtu', String(settings.mtu));
    steps.push({ line: `set the MTU of ${interfaceName} to ${settings.mtu}`, commands });
  }
  if (state.ipv6 !== undefined && state.disabled6) {
    const setting = `ipv6/conf/${interfaceName}/disable_ipv6`;
    steps.push({ line: `allow IPv6 on ${interfaceName}`, commands: [writeSysctl(setting, '0')] });
  }

  const own4 = parseAddress(settings.address4).address;
  const own6 = parseAddress(settings.address6).address;
  const families = [
    { family: '-4', range: parseRange(settings.range4, 4), source: own4, state: state.ipv4 },
    { family: '-6', range: parseRange(settings.range6, 6), source: own6, state: state.ipv6 },
  ] as const;
  const route = (family: '-4' | '-6', verb: string, ...args: string[]) =>
    ip(family, 'route', verb, ...args, ...device, 'proto', routeProtocol);
  // Before the address that they name as their source: the kernel takes them along with it.
  for (const { family, range, state } of families) {
    for (const stale of ownRoutes(state).filter((present) => present.range !== range)) {
      const commands = route(family, 'delete', stale.range);
      steps.push({ line: `delete the route to ${stale.range}`, commands });
    }
  }
  const wanted = [`${own4}/32`, ...(state.ipv6 === undefined ? [] : [`${own6}/128`])];
  for (const address of link.addresses.filter((present) => !wanted.includes(present))) {
    const commands = ip('address', 'delete', address, ...device);
    steps.push({ line: `remove the address ${address} from ${interfaceName}`, commands });
  }
  for (const address of wanted.filter((needed) => !link.addresses.includes(needed))) {
    const nodad = address.includes(':') ? ['nodad'] : [];
    const commands = ip('address', 'add', address, ...device, ...nodad);
    steps.push({ line: `give ${interfaceName} the address ${address}`, commands });
  }
  if (!link.up) {
    steps.push({ line: `bring ${interfaceName} up`, commands: ip('link', 'set', ...device, 'up') });
  }

  for (const { family, range, source, state } of families) {
    if (state === undefined) continue;
    if (!ownRoutes(state).some((present) => present.range === range && present.source === source)) {
      const commands = route(family, 'replace', range, 'src', source);
      steps.push({ line: `route ${range} to ${interfaceName}`, commands });
    }
    steps.push(...planInterlock(family, interlock(interfaceName, range), state.rules));
  }
  steps.push(...planForwarding(state, carriesIpv6));
  return steps;
}

function ownRoutes(state: FamilyState | undefined): readonly Route[] {
  return state?.routes.filter(({ protocol }) => protocol === routeProtocol) ?? [];
}

/** Also takes rules away, when none are wanted. */
export function planInterlock(
  family: '-4' | '-6',
  wanted: readonly Rule[],
  present: readonly Rule[],
): readonly Step[] {
  const same = (left: Rule) => (right: Rule) => left.priority === right.priority && left.text === right.text;
  const rule = (verb: string, { priority, text }: Rule) =>
    [['ip', family, 'rule', verb, 'priority', String(priority), ...text.split(' ')]] as const;
  const stale = present.filter(
    (found) => interlockPriorities.has(found.priority) && !wanted.some(same(found)),
  );
  const missing = wanted.filter((needed) => !present.some(same(needed)));
  return [
    ...missing.map((needed) => ({ line: `add the rule "${needed.text}"`, commands: rule('add', needed) })),
    ...stale.map((found) => ({ line: `delete the rule "${found.text}"`, commands: rule('delete', found) })),
  ];
}

function planForwarding(state: HostState, carriesIpv6: boolean): Step[] {
  const steps: Step[] = [];
  if (!state.checksMark) {
    steps.push({
      line: 'let the reverse path check see marks',
      commands: [writeSysctl(checksMark4, '1')],
      turnsOn: checksMark4,
    });
  }
  if (!state.ipv4.forwarding) {
    steps.push({
      line: 'turn IPv4 forwarding on',
      commands: [writeSysctl(forwarding4, '1')],
      turnsOn: forwarding4,
    });
  }
  if (!carriesIpv6 || state.ipv6 === undefined) return steps;
  if (state.defaultRoute6 !== undefined && state.acceptAdvertisements === '1') {
    const { device } = state.defaultRoute6;
    steps.push({
      line: `keep accepting router advertisements on ${device}, which gave the node its IPv6 route`,
      commands: [writeSysctl(`ipv6/conf/${device}/accept_ra`, '2')],
    });
  }
  if (!state.ipv6.forwarding) {
    steps.push({
      line: 'turn IPv6 forwarding on',
      commands: [writeSysctl(forwarding6, '1')],
      turnsOn: forwarding6,
    });
  }
  return steps;
}

export function writeSysctl(name: string, value: string): readonly [string, ...string[]] {
  return ['sh', '-c', 'echo "$1" > "$2"', 'sh', value, sysctlPath(name)];
}
