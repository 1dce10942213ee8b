import { readFileSync } from 'node:fs';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { parseOutput } from '../../common/output.ts';

/** A network interface as `ip -j -d address` tells of it. */
export interface Link {
  /** What made it: `wireguard` for the kernel's, `tun` for wireguard-go's. */
  readonly kind: string;
  readonly alias: string | undefined;
  readonly mtu: number;
  /** How many packets wait to be taken by wireguard-go. */
  readonly queueLength: number;
  readonly up: boolean;
  /** With prefix length; those of IPv6's link scope are left out. */
  readonly addresses: readonly string[];
}

export interface Route {
  readonly range: string;
  readonly source: string | undefined;
  readonly protocol: string | undefined;
}

export interface Rule {
  readonly priority: number;
  /** Everything else about it, in a form that compares. */
  readonly text: string;
}

/** What there is of one address family. */
export interface FamilyState {
  readonly forwarding: boolean;
  /** Through our interface. */
  readonly routes: readonly Route[];
  readonly rules: readonly Rule[];
}

export interface DefaultRoute {
  readonly device: string;
  /** From router advertisements, which a forwarding host ignores unless told otherwise. */
  readonly advertised: boolean;
}

export interface HostState {
  readonly link: Link;
  readonly ipv4: FamilyState;
  /** The kernel's reverse path check sees the packet's mark. */
  readonly checksMark: boolean;
  /** Undefined where the kernel has no IPv6. */
  readonly ipv6: FamilyState | undefined;
  readonly defaultRoute6: DefaultRoute | undefined;
  /** IPv6 is off on our interface. */
  readonly disabled6: boolean;
  /** `accept_ra` of the device of the default route. */
  readonly acceptAdvertisements: string | undefined;
}

export const sysctlPath = (name: string) => `/proc/sys/net/${name}`;
export const forwarding4 = 'ipv4/ip_forward';
/** Without it rp_filter looks as if the packet had no mark. IPv6 has no such check in the kernel. */
export const checksMark4 = 'ipv4/conf/all/src_valid_mark';
export const forwarding6 = 'ipv6/conf/all/forwarding';

/** Undefined when there is no such interface. */
export async function observeLink(run: CommandRunner, name: string): Promise<Link | undefined> {
  try {
    return parseOutput('ip', await run(['ip', '-j', '-d', 'address', 'show', 'dev', name]), parseLink);
  } catch (error) {
    if (error instanceof CommandError && error.said(/does not exist|Cannot find device/)) return undefined;
    throw error;
  }
}

export async function observeHost(run: CommandRunner, name: string, link: Link): Promise<HostState> {
  const [forwards4, checksMark, forwards6, disabled6] = await Promise.all([
    readSysctl(run, forwarding4),
    readSysctl(run, checksMark4),
    readSysctl(run, forwarding6),
    readSysctl(run, `ipv6/conf/${name}/disable_ipv6`),
  ]);
  const ipv4 = await observeFamily(run, name, '-4', forwards4);
  const ipv6 = forwards6 === undefined ? undefined : await observeFamily(run, name, '-6', forwards6);
  const defaultRoute6 = ipv6 && (await observeDefaultRoute6(run, name));
  const acceptAdvertisements = defaultRoute6?.advertised
    ? await readSysctl(run, `ipv6/conf/${defaultRoute6.device}/accept_ra`)
    : undefined;
  return {
    link,
    ipv4,
    checksMark: checksMark === '1',
    ipv6,
    defaultRoute6,
    disabled6: disabled6 === '1',
    acceptAdvertisements,
  };
}

async function observeFamily(
  run: CommandRunner,
  name: string,
  family: '-4' | '-6',
  forwarding: string | undefined,
): Promise<FamilyState> {
  return {
    forwarding: forwarding !== undefined && forwarding !== '0',
    routes: parseOutput('ip', await run(['ip', '-j', family, 'route', 'show', 'dev', name]), parseRoutes),
    rules: await observeRules(run, family),
  };
}

/** The routing rules of one family. */
export async function observeRules(run: CommandRunner, family: '-4' | '-6'): Promise<Rule[]> {
  return parseOutput('ip', await run(['ip', '-j', family, 'rule', 'show']), parseRules);
}

/** The way to the IPv6 internet, other than through our own interface. */
export async function observeDefaultRoute6(
  run: CommandRunner,
  ownName: string,
): Promise<DefaultRoute | undefined> {
  const output = await run(['ip', '-j', '-6', 'route', 'show', 'default']);
  return parseOutput('ip', output, parseDefaultRoutes).find(({ device }) => device !== ownName);
}

/** Undefined where the kernel has no such setting. */
export async function readSysctl(run: CommandRunner, name: string): Promise<string | undefined> {
  try {
    return (await run(['cat', sysctlPath(name)])).trim();
  } catch (error) {
    if (error instanceof CommandError && error.said(/No such file/)) return undefined;
    throw error;
  }
}

// ip prints nothing at all for an empty list of some kinds.
function parseRows<Row>(output: string): Partial<Row>[] {
  if (output.trim() === '') return [];
  const rows: unknown = JSON.parse(output);
  if (!Array.isArray(rows) || rows.some((row) => typeof row !== 'object' || row === null)) {
    throw new TurnpikeError('environment', 'ip did not print a list');
  }
  return rows;
}

interface LinkRow {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly txqlen: number;
  readonly ifalias: string;
  readonly linkinfo: { readonly info_kind?: string };
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen?: number;
    readonly scope?: string;
  }[];
}

export function parseLink(output: string): Link | undefined {
  const row = parseRows<LinkRow>(output).find(({ ifname }) => ifname !== undefined);
  if (row === undefined) return undefined;
  return {
    kind: row.linkinfo?.info_kind ?? 'unknown',
    alias: row.ifalias,
    mtu: row.mtu ?? 0,
    queueLength: row.txqlen ?? 0,
    up: row.flags?.includes('UP') ?? false,
    addresses: (row.addr_info ?? []).flatMap(({ local, prefixlen, scope }) =>
      local === undefined || (scope === 'link' && local.includes(':')) ? [] : [`${local}/${prefixlen}`],
    ),
  };
}

export function parseRoutes(output: string): Route[] {
  return parseRows<{ dst: string; prefsrc: string; protocol: string }>(output).map(
    ({ dst = '', prefsrc, protocol }) => ({ range: dst, source: prefsrc, protocol }),
  );
}

export function parseDefaultRoutes(output: string): DefaultRoute[] {
  const rows = parseRows<{ dev: string; protocol: string; type: string; nexthops: { dev?: string }[] }>(
    output,
  );
  return rows.flatMap(({ dev, protocol, type = 'unicast', nexthops }) => {
    const device = dev ?? nexthops?.[0]?.dev;
    if (device === undefined || type !== 'unicast') return [];
    return [{ device, advertised: protocol === 'ra' }];
  });
}

interface RuleRow {
  readonly priority: number;
  readonly src: string;
  readonly srclen: number;
  readonly dst: string;
  readonly dstlen: number;
  readonly iif: string;
  readonly fwmark: string;
  readonly fwmask: string;
  readonly table: string;
  readonly action: string;
}

export function parseRules(output: string): Rule[] {
  return parseRows<RuleRow>(output).map((row) => {
    const words = [
      row.src !== undefined && row.src !== 'all' ? `from ${row.src}/${row.srclen}` : undefined,
      row.iif === undefined ? undefined : `iif ${row.iif}`,
      row.dst === undefined ? undefined : `to ${row.dst}/${row.dstlen}`,
      row.fwmark === undefined ? undefined : `fwmark ${row.fwmark}${row.fwmask ? `/${row.fwmask}` : ''}`,
      row.table === undefined ? row.action : `lookup ${row.table}`,
    ];
    return { priority: row.priority ?? 0, text: words.filter((word) => word !== undefined).join(' ') };
  });
}

/** What its interface dropped because there was no room, since it was made; 0 where there is none. Of sysfs. */
export function droppedPackets(interfaceName: string): number {
  try {
    return Number(readFileSync(`/sys/class/net/${interfaceName}/statistics/tx_dropped`, 'utf8'));
  } catch {
    return 0;
  }
}
