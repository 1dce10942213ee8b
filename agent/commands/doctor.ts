import { randomBytes } from 'node:crypto';
import { access, constants, open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { formatSize } from '../../common/bytes.ts';
import type { Clock } from '../../common/clock.ts';
import { CommandError, type CommandRunner } from '../../common/command.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';
import { renderCreate } from '../gate/frame.ts';
import { forwarding4, observeLink, observeRules, readSysctl, sysctlPath } from '../host/observe.ts';
import { isOurs } from '../host/ownership.ts';
import { HostRecordFile } from '../host/record.ts';
import { kernelHasWireGuard, probeSocket, unitIsUsed, unitName } from '../host/userspace.ts';
import { askStatus, statusSocketPath } from '../status/socket.ts';
import { checkKeys } from './doctor-keys.ts';
import { type Finding, missing, ok, warning } from './finding.ts';

export interface DoctorOptions {
  readonly run: CommandRunner;
  readonly clock: Clock;
  readonly interfaceName: string;
  readonly stateDirectory: string;
  readonly userspace: 'auto' | 'always' | 'never';
  /** Name of an interface, or `auto`. */
  readonly uplink: string;
}

/** `turnpike-agent doctor`: what this machine lacks to be a node, and how to mend it. Changes nothing. */
export async function doctor(options: DoctorOptions): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of [
    checkRights,
    checkIp,
    checkNft,
    checkWg,
    checkWireGuard,
    checkInterface,
    checkUplink,
    checkForwarding,
    checkRules,
    checkDisk,
    checkKeys,
    checkClock,
  ]) {
    findings.push(...(await check(options)));
  }
  return findings;
}

/**
 * For the start of `run`: refuses a machine that lacks something, before anything of it is touched.
 * @throws TurnpikeError `environment` with the first thing that is missing
 */
export async function checkMachine(options: DoctorOptions): Promise<void> {
  const lack = (await doctor(options)).find(({ state }) => state === 'missing');
  if (lack === undefined) return;
  const remedy = lack.remedy ?? 'turnpike-agent doctor says more';
  throw new TurnpikeError('environment', `${lack.what} ${lack.detail}`, { remedy });
}

// linux/capability.h
const capNetAdmin = 12n;

async function checkRights(): Promise<Finding[]> {
  const status = await readFile('/proc/self/status', 'utf8');
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  if ((effective >> capNetAdmin) & 1n) return ok('rights', 'may administer the network');
  return missing('rights', 'may not administer the network', 'run as root, or with CAP_NET_ADMIN');
}

/** The number behind the program's own name: anything else that it prints is not repeated. */
async function versionOf(
  run: CommandRunner,
  name: string,
  ...argv: [string, ...string[]]
): Promise<string | undefined> {
  try {
    const printed = new RegExp(`${name}[- ]v?(\\d{1,8}(?:\\.\\d{1,8}){1,2})`).exec(await run(argv));
    return printed?.[1] ?? 'of an unknown version';
  } catch (error) {
    if (error instanceof CommandError) return undefined;
    throw error;
  }
}

async function checkIp({ run }: DoctorOptions): Promise<Finding[]> {
  const version = await versionOf(run, 'iproute2', 'ip', '-V');
  if (version === undefined) return missing('ip', 'is not installed', 'apt install iproute2');
  try {
    await observeRules(run, '-4');
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    return missing(
      'ip',
      'cannot print JSON, or the kernel has no routing rules',
      'install iproute2 6.1 or newer',
    );
  }
  return ok('ip', `iproute2 ${version}`);
}

/** Whether this nft and this kernel take our table: asked of themselves, without loading it. */
async function checkNft({ run, interfaceName }: DoctorOptions): Promise<Finding[]> {
  const version = await versionOf(run, 'nftables', 'nft', '--version');
  if (version === undefined) return missing('nft', 'is not installed', 'apt install nftables');
  const frame = {
    interfaceName,
    range4: '10.64.0.0/16',
    range6: 'fd74:7572:6e70::/64',
    address4: '10.64.0.1',
    address6: 'fd74:7572:6e70::1',
    ipv6: false,
    mtu: 1420,
  };
  try {
    // As long as the gate itself waits for nft.
    await run(['nft', '--check', '-f', '-'], { input: renderCreate(frame, 'check'), timeoutMs: 120_000 });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.said(/Operation not permitted/))
      return warning('nft', `${version}, not tried`, 'run doctor as root');
    if (error.exitCode === undefined)
      return missing(
        'nft',
        `${version} gave no verdict on our table: ${error.message}`,
        'see how busy this machine is',
      );
    const remedy = 'install nftables 1.0.6 or newer and a kernel of 6.1 or newer with nf_tables';
    return missing('nft', `${version} or the kernel does not take our table`, remedy);
  }
  return ok('nft', `${version}, takes our table`);
}

async function checkWg({ run }: DoctorOptions): Promise<Finding[]> {
  const version = await versionOf(run, 'wireguard-tools', 'wg', '--version');
  if (version === undefined) return missing('wg', 'is not installed', 'apt install wireguard-tools');
  return ok('wg', `wireguard-tools ${version}`);
}

async function checkWireGuard({ run, userspace, interfaceName }: DoctorOptions): Promise<Finding[]> {
  // Made before, maybe by its own unit: what making one needs may be out of our reach.
  const link = await observeLink(run, interfaceName);
  if (link?.kind === 'wireguard' || link?.kind === 'tun') return ok('WireGuard', `runs as ${interfaceName}`);
  if (userspace !== 'always' && (await kernelHasWireGuard(run))) return ok('WireGuard', "the kernel's own");
  if (userspace === 'never') {
    const remedy = 'install a kernel with the wireguard module, or set wireguard.userspace = "auto"';
    return missing('WireGuard', 'this kernel has none', remedy);
  }
  const version = await versionOf(run, 'wireguard-go', 'wireguard-go', '--version');
  if (version === undefined) {
    const remedy = 'apt install wireguard-go, or a kernel with the wireguard module';
    return missing('WireGuard', 'neither in this kernel nor as wireguard-go', remedy);
  }
  const tun = await stat('/dev/net/tun').catch(() => undefined);
  if (!tun?.isCharacterDevice()) {
    const remedy = `modprobe tun; in a container, pass the device in; where the agent is a service, that cannot make the interface: systemctl enable --now ${unitName(interfaceName)}`;
    return missing('WireGuard', 'wireguard-go needs /dev/net/tun, which is not there', remedy);
  }
  const runsSystemd = (await stat('/run/systemd/system').catch(() => undefined)) !== undefined;
  if (!runsSystemd || (await unitIsUsed(run, interfaceName)))
    return ok('WireGuard', `wireguard-go ${version}`);
  const remedy = `as a service the agent cannot start it; before that: systemctl enable --now ${unitName(interfaceName)}`;
  return warning('WireGuard', `not in this kernel; wireguard-go ${version}, which does not run`, remedy);
}

/** A misspelt name would silently mean a node without IPv6. */
async function checkUplink({ run, uplink }: DoctorOptions): Promise<Finding[]> {
  if (uplink === 'auto') return [];
  if ((await observeLink(run, uplink)) !== undefined) return ok('uplink', `${show(uplink)} is there`);
  const remedy = 'set network.uplink to the interface towards the internet, or to "auto"';
  return missing('uplink', `${show(uplink)} (network.uplink) is no interface of this machine`, remedy);
}

async function checkInterface({ run, interfaceName, stateDirectory }: DoctorOptions): Promise<Finding[]> {
  const remedy = 'set another name as wireguard.interface';
  const link = await observeLink(run, interfaceName);
  if (link === undefined) {
    if ((await probeSocket(interfaceName)) !== 'served') return ok('interface', `${interfaceName} is free`);
    const elsewhere = `wireguard-go serves ${interfaceName} in another network namespace`;
    return missing('interface', elsewhere, remedy);
  }
  const record = await new HostRecordFile(stateDirectory, interfaceName).read();
  if (await isOurs(run, interfaceName, link, record)) return ok('interface', `${interfaceName} is ours`);
  return missing('interface', `${interfaceName} is somebody else's`, `remove it, or ${remedy}`);
}

async function checkForwarding({ run }: DoctorOptions): Promise<Finding[]> {
  if ((await readSysctl(run, forwarding4)) === '1') return ok('forwarding', 'is on');
  try {
    await access(sysctlPath(forwarding4), constants.W_OK);
  } catch {
    const remedy = 'sysctl -w net.ipv4.ip_forward=1 outside of the container or sandbox';
    return missing('forwarding', 'is off and cannot be turned on from here', remedy);
  }
  return ok('forwarding', 'is off; the agent turns it on');
}

/** Routing rules of the operator's that our packet mark or our interlock will meet. */
async function checkRules({ run }: DoctorOptions): Promise<Finding[]> {
  const rules = await observeRules(run, '-4');
  const before = rules.filter(({ priority }) => priority > 0 && priority < 2001);
  const unmasked = rules.filter(({ text }) => /fwmark \S+/.test(text) && !/fwmark \S+\//.test(text));
  return [
    ...before.flatMap(({ text }) =>
      warning(
        'routing rules',
        `"${text}" comes before the interlock`,
        'give it a priority above 2003, or let it leave the tunnel range alone',
      ),
    ),
    ...unmasked.flatMap(({ text }) =>
      warning(
        'routing rules',
        `"${text}" looks at the whole mark, of which one bit is ours`,
        'write it with a mask, such as fwmark 0x1/0xff',
      ),
    ),
  ];
}

const littleSpace = 100_000_000n;

async function checkDisk({ stateDirectory }: DoctorOptions): Promise<Finding[]> {
  const path = join(stateDirectory, `.doctor-${randomBytes(4).toString('hex')}`);
  try {
    await tryWriting(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    const remedy =
      code === 'ENOENT' ? `install -d -m 0700 ${stateDirectory}` : 'make it writable, or free some space';
    return missing('state', `${stateDirectory} cannot be written: ${code}`, remedy);
  }
  const { bavail, bsize } = await statfs(stateDirectory, { bigint: true });
  const free = bavail * bsize;
  if (free < littleSpace) {
    return warning('state', `${formatSize(free)} are free in ${stateDirectory}`, 'free some space');
  }
  return ok('state', `${stateDirectory} is writable`);
}

/** Leaves nothing behind, also on a full disk, which has room for a file without content. */
async function tryWriting(path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile('x');
    await file.sync();
  } finally {
    await file.close();
    await rm(path);
  }
}

// Nothing of ours is older: a clock before this is wrong.
const earliest = Date.UTC(2026, 0, 1);

/** A certificate is good from a little before it was made. */
const tolerableMs = 60_000;

/** By how many milliseconds the clock is ahead of the controller's, where an agent runs that has heard it. */
async function controllersClock({ stateDirectory }: DoctorOptions): Promise<number | undefined> {
  try {
    return (await askStatus(statusSocketPath(stateDirectory)))?.controller.clockAheadMs;
  } catch (error) {
    if (!(error instanceof TurnpikeError)) throw error;
    return undefined;
  }
}

async function checkClock(options: DoctorOptions): Promise<Finding[]> {
  const { run, clock } = options;
  const now = new Date(clock.now()).toISOString();
  const remedy = 'apt install systemd-timesyncd';
  if (clock.now() < earliest) return missing('clock', `says ${now}, which cannot be`, remedy);
  try {
    const answer = await run(['timedatectl', 'show', '--property=NTPSynchronized', '--value']);
    if (answer.trim() === 'no') return warning('clock', `says ${now} and is not synchronized`, remedy);
  } catch (error) {
    // No systemd here: nobody to ask.
    if (!(error instanceof CommandError)) throw error;
  }
  const ahead = await controllersClock(options);
  if (ahead !== undefined && Math.abs(ahead) > tolerableMs) {
    const how = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? 'ahead of' : 'behind'} the controller's`;
    return warning('clock', `says ${now}, ${how}: certificates may seem to have ended`, remedy);
  }
  return ok('clock', `says ${now}`);
}
