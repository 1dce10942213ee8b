import type { CommandRunner } from '../../common/command.ts';
import { CommandError } from '../../common/command.ts';
import { parseOutput } from '../../common/output.ts';
import { show } from '../../common/show.ts';
import type { Finding } from './finding.ts';
import { parseListing } from './nft-listing.ts';

/** The machine, as far as it says what it keeps. */
export interface PrivacyOptions {
  readonly run: CommandRunner;
  /** Text of a file; undefined where there is none, or we may not read it. */
  readonly read: (path: string) => Promise<string | undefined>;
  /** Names in a directory; none where there is none. */
  readonly list: (path: string) => Promise<readonly string[]>;
}

const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });
const warning = (what: string, detail: string, remedy: string): Finding => ({
  ...{ what, state: 'warning', detail, remedy },
});

/**
 * `turnpike-agent doctor privacy`: what on this machine, beside us, would keep clients' network addresses, or write the
 * memory of programs that know them to a disk. Changes nothing.
 */
export async function doctorPrivacy(options: PrivacyOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of [
    checkSwap,
    checkCoreDumps,
    checkKernelLogs,
    checkWireGuardDebug,
    checkFirewallLogs,
    checkCollectors,
    checkJournal,
  ]) {
    findings.push(...(await check(options)));
  }
  return findings;
}

/** What is in memory may be written to it: sessions of WireGuard know their endpoints. */
async function checkSwap({ read }: PrivacyOptions): Promise<Finding[]> {
  const places = lines(await read('/proc/swaps')).slice(1);
  const plain: string[] = [];
  for (const line of places) {
    const [place = ''] = line.split(/\s+/);
    if (!(await isUnreadableLater(read, place))) plain.push(place);
  }
  if (plain.length === 0) return [ok('swap', places.length === 0 ? 'is off' : 'is encrypted, or in memory')];
  const remedy = 'swapoff -a and take it out of /etc/fstab, or encrypt it with a random key (crypttab: swap)';
  return [warning('swap', `${plain.map(show).join(', ')} is written in clear`, remedy)];
}

async function isUnreadableLater(read: PrivacyOptions['read'], place: string): Promise<boolean> {
  const device = place.replace(/^\/dev\//, '');
  if (/^zram\d+$/.test(device)) return true;
  const uuid = await read(`/sys/block/${device}/dm/uuid`);
  return uuid?.startsWith('CRYPT-') ?? false;
}

/** A handler behind a pipe gets dumps also of programs that may write none. */
async function checkCoreDumps({ read, run }: PrivacyOptions): Promise<Finding[]> {
  const pattern = (await read('/proc/sys/kernel/core_pattern'))?.trim() ?? '';
  if (!pattern.startsWith('|')) return [ok('core dumps', 'go to no program')];
  const handler = pattern.slice(1).split(' ')[0] ?? '';
  const conf = await configOf(run, 'systemd/coredump.conf');
  if (handler.endsWith('/systemd-coredump') && settingOf(conf, 'Storage') === 'none') {
    return [ok('core dumps', 'are not stored')];
  }
  const remedy = 'set Storage=none in /etc/systemd/coredump.conf, or sysctl -w kernel.core_pattern=core';
  return [
    warning(
      'core dumps',
      `go to ${show(handler)}, which keeps memory on the disk; ours is not offered to it, that of others is`,
      remedy,
    ),
  ];
}

/** Switches of the kernel that write packets' addresses into its log. */
async function checkKernelLogs({ read, list }: PrivacyOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const invalid = (await read('/proc/sys/net/netfilter/nf_conntrack_log_invalid'))?.trim() ?? '0';
  if (invalid !== '0') {
    const detail = 'logs packets that it does not understand, with their addresses';
    findings.push(
      warning('connection tracking', detail, 'sysctl -w net.netfilter.nf_conntrack_log_invalid=0'),
    );
  } else findings.push(ok('connection tracking', 'logs nothing'));
  const conf = '/proc/sys/net/ipv4/conf';
  const martians: string[] = [];
  for (const name of await list(conf)) {
    if ((await read(`${conf}/${name}/log_martians`))?.trim() === '1') martians.push(name);
  }
  if (martians.length === 0) return [...findings, ok('martians', 'are not logged')];
  const remedy = martians.map((name) => `sysctl -w net.ipv4.conf.${name}.log_martians=0`).join('; ');
  return [
    ...findings,
    warning('martians', `are logged with their addresses (${martians.join(', ')})`, remedy),
  ];
}

/** Its messages name peers with their endpoints. */
async function checkWireGuardDebug({ read }: PrivacyOptions): Promise<Finding[]> {
  const control =
    (await read('/proc/dynamic_debug/control')) ?? (await read('/sys/kernel/debug/dynamic_debug/control'));
  const loud = lines(control).some((line) => line.includes('[wireguard]') && /=[a-z]*p/.test(line));
  if (!loud) return [ok('WireGuard', 'writes no debug messages')];
  const remedy = "echo 'module wireguard -p' > /proc/dynamic_debug/control";
  return [warning('WireGuard', 'writes debug messages, which name endpoints', remedy)];
}

async function checkFirewallLogs({ run }: PrivacyOptions): Promise<Finding[]> {
  const chains = new Set([...(await nftLogChains(run)), ...(await iptablesLogChains(run))]);
  if (chains.size === 0) return [ok('firewall', 'logs no packets')];
  const names = [...chains].map(show).join(', ');
  return [
    warning(
      'firewall',
      `logs packets in ${names}`,
      'take these rules out, or limit them to what is no client',
    ),
  ];
}

interface NftRule {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly expr: readonly object[];
}

async function nftLogChains(run: CommandRunner): Promise<string[]> {
  // Terse: without it, all elements of all sets would be fetched, which are thousands where devices are.
  const text = await answerOf(run, ['nft', '-t', '-j', 'list', 'ruleset']);
  if (text === undefined) return [];
  const listing = parseOutput('nft', text, parseListing) as readonly { readonly rule?: NftRule }[];
  return listing.flatMap(({ rule }) =>
    rule?.expr.some((part) => 'log' in part) ? [`${rule.family} ${rule.table} ${rule.chain}`] : [],
  );
}

/** Of the older kind, which nft does not show. */
async function iptablesLogChains(run: CommandRunner): Promise<string[]> {
  const found: string[] = [];
  for (const program of ['iptables-legacy-save', 'ip6tables-legacy-save'] as const) {
    for (const line of lines(await answerOf(run, [program]))) {
      const chain = /^-A (\S+) .*-j (?:LOG|NFLOG|ULOG)\b/.exec(line)?.[1];
      if (chain !== undefined) found.push(`${program.replace('-legacy-save', '')} ${chain}`);
    }
  }
  return found;
}

/** Programs whose work it is to keep who spoke with whom. */
const collectors = new Set([
  ...['conntrackd', 'ulogd', 'softflowd', 'fprobe', 'nfcapd', 'pmacctd', 'nfacctd', 'ntopng'],
  ...['tcpdump', 'dumpcap', 'tshark', 'suricata', 'zeek'],
]);

async function checkCollectors({ read, list }: PrivacyOptions): Promise<Finding[]> {
  const running = new Set<string>();
  for (const name of await list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const program = (await read(`/proc/${name}/comm`))?.trim();
    if (program !== undefined && collectors.has(program)) running.add(program);
  }
  if (running.size === 0) return [ok('collectors', 'none is running')];
  const names = [...running].sort().join(', ');
  return [
    warning(
      'collectors',
      `${names}: keeps who speaks with whom`,
      'stop it, or keep it off the tunnel and the uplink',
    ),
  ];
}

/** What other programs and the kernel say of addresses stays as long as the journal keeps it. */
async function checkJournal({ run, list }: PrivacyOptions): Promise<Finding[]> {
  const conf = await configOf(run, 'systemd/journald.conf');
  const storage = settingOf(conf, 'Storage') ?? 'auto';
  const onDisk =
    storage === 'persistent' || (storage === 'auto' && (await list('/var/log/journal')).length > 0);
  const forwards = settingOf(conf, 'ForwardToSyslog') === 'yes';
  const findings: Finding[] = [];
  const retention = settingOf(conf, 'MaxRetentionSec') ?? '0';
  if (onDisk && /^0\w*$/.test(retention)) {
    const remedy = 'set MaxRetentionSec=1week in /etc/systemd/journald.conf, or Storage=volatile';
    findings.push(
      warning('journal', 'keeps on the disk, without an end, what sshd and others say of addresses', remedy),
    );
  }
  if (forwards) {
    const remedy = 'set ForwardToSyslog=no, or see how long syslog keeps it';
    findings.push(warning('journal', 'hands all of it on to syslog', remedy));
  }
  return findings.length > 0
    ? findings
    : [ok('journal', onDisk ? `keeps for ${retention}` : 'is in memory only')];
}

function configOf(run: CommandRunner, name: string): Promise<string | undefined> {
  return answerOf(run, ['systemd-analyze', 'cat-config', name]);
}

/** The last word counts, and `#` leads a comment. */
function settingOf(conf: string | undefined, key: string): string | undefined {
  return lines(conf)
    .flatMap((line) =>
      line.startsWith(`${key}=`)
        ? [
            line
              .slice(key.length + 1)
              .trim()
              .toLowerCase(),
          ]
        : [],
    )
    .at(-1);
}

/** undefined where the program is missing, or may not. */
async function answerOf(run: CommandRunner, argv: [string, ...string[]]): Promise<string | undefined> {
  try {
    return await run(argv);
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

function lines(text: string | undefined): string[] {
  return (text ?? '').split('\n').filter((line) => line !== '');
}
