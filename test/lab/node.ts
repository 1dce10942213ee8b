import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { probeSocket } from '../../agent/host/userspace.ts';
import type { Cli } from './cli.ts';
import { deletionsOf } from './deletions.ts';
import { eventually } from './eventually.ts';
import type { Host } from './host.ts';
import { tunnelName } from './names.ts';
import type { Program } from './program.ts';
import { rewrite } from './rewrite.ts';
import type { RunResult } from './run.ts';
import { accessAddress } from './topology.ts';
import { WallClock } from './wall-clock.ts';

const agentSource = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

/** A VPN server with the product's agent. */
export class Node {
  readonly number: number;
  readonly host: Host;
  readonly configFile: string;
  /** Of WireGuard. */
  readonly interface: string;
  /** As the agent sees it. */
  readonly wallClock: WallClock;
  program: Program | undefined;
  /** Words that run the agent under other circumstances, if any. */
  prefix: readonly string[] = [];
  /** The agent's program. */
  source = agentSource;

  constructor(number: number, host: Host) {
    this.number = number;
    this.host = host;
    this.interface = tunnelName(host.prefix, host.name);
    this.configFile = host.file('agent.toml');
    this.wallClock = new WallClock(host.file('wall-clock'));
    mkdirSync(host.file('state'), { mode: 0o700 });
    writeFileSync(
      this.configFile,
      `log_level = "debug"
[state]
directory = "${host.file('state')}"
[wireguard]
interface = "${this.interface}"
[metrics]
listen = "127.0.0.1:9465"
`,
    );
  }

  /** Its name at the controller. */
  get name(): string {
    return `node${this.number}`;
  }

  get endpoint(): string {
    return `${accessAddress(this.number)}:51820`;
  }

  /** Makes the node known to the controller and enrols it, as the operator would. */
  async join(cli: Cli): Promise<void> {
    await this.agent(...joinWords(await this.announce(cli)));
  }

  /** Makes the node known; what is printed is for its `join`. */
  announce(cli: Cli): Promise<JoinAnswer> {
    return cli.json<JoinAnswer>('node', 'add', this.name, '--endpoint', this.endpoint);
  }

  /** Changes the configuration file; each key must be in it. */
  configure(changes: Readonly<Record<string, string>>): void {
    rewrite(this.configFile, changes);
  }

  /** One of the agent's commands where it must fail: how it ended, and what it said. */
  agentInVain(words: readonly string[], options: InVain = {}): Promise<RunResult> {
    const argv = [
      ...(options.prefix ?? []),
      process.execPath,
      this.source,
      ...words,
      '--config',
      this.configFile,
    ];
    return this.host.tryRun(argv, { timeoutMs: 20_000, ...(options.env ? { env: options.env } : {}) });
  }

  /** One of the agent's commands, to its end. */
  agent(...words: readonly string[]): Promise<string> {
    const argv = [process.execPath, this.source, ...words, '--config', this.configFile];
    return this.host.run([...this.prefix, ...argv]);
  }

  async start(): Promise<void> {
    const argv = [process.execPath, ...this.wallClock.words, this.source, 'run', '--config', this.configFile];
    this.program = this.host.start('agent', [...this.prefix, ...argv], { env: this.wallClock.env });
    await this.program.said(/"msg":"ready"/, 20_000);
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }

  async kill(): Promise<void> {
    await this.program?.kill();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Waits until WireGuard listens here, which the agent does as soon as it knows what the controller wants. */
  async isMade(within = 10_000): Promise<void> {
    const look = async () => (await this.#show('listen-port')).trim() === this.endpoint.split(':')[1];
    await eventually(`WireGuard listens on ${this.name}`, look, { within, every: 100 });
  }

  /** Waits until WireGuard on this node knows a device. */
  async hasPeer(publicKey: string, within = 10_000): Promise<void> {
    const look = async () => (await this.peers()).includes(publicKey);
    await eventually(`${this.name} has peer ${publicKey}`, look, { within });
  }

  /** Public keys of the devices that WireGuard knows here. */
  async peers(): Promise<readonly string[]> {
    return (await this.#show('peers')).split('\n').filter((line) => line !== '');
  }

  /** Nothing while WireGuard is not there: between bind and listen `wg` takes its socket for one left behind, and removes it. */
  async #show(what: string): Promise<string> {
    const kernel = await this.host.run(['ip', '-o', 'link', 'show', 'type', 'wireguard']);
    const isServed = kernel.includes(this.interface) || (await probeSocket(this.interface)) === 'served';
    return isServed ? this.host.run(['wg', 'show', this.interface, what]) : '';
  }

  /** What the kernel lets pass yet of the grants that are armed here. */
  async armedBytes(): Promise<number> {
    const listing = JSON.parse(await this.host.run(['nft', '-j', 'list', 'quotas']));
    const quotas = (listing.nftables as { quota?: { bytes: number; used: number } }[]).flatMap(
      ({ quota }) => quota ?? [],
    );
    return quotas.reduce((sum, { bytes, used }) => sum + bytes - used, 0);
  }

  /** To the WireGuard program that serves this node; only where the kernel has no WireGuard. */
  async signalWireguard(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.host.run(['pgrep', '-xf', `wireguard-go ${this.interface}`]);
    process.kill(Number(pid), signal);
  }

  /** Takes addresses out of all sets and maps of the gate, behind the agent's back. */
  async deleteGateElements(addresses: readonly string[]): Promise<void> {
    const listing = await this.host.run(['nft', '-j', 'list', 'table', 'inet', 'turnpike']);
    await this.host.nft(deletionsOf(addresses, JSON.parse(listing)));
  }

  /** Away from the controller; clients and internet stay. */
  async cutOff(): Promise<void> {
    await this.host.plug('mgmt', 'down');
  }

  async reconnect(): Promise<void> {
    await this.host.plug('mgmt', 'up');
  }

  /** The agent finds its wall clock so much further than it was (or back), from now on and in later runs. */
  async stepWallClock(ms: number): Promise<void> {
    await this.wallClock.step(ms, this.program);
  }
}

export interface InVain {
  /** A program that runs the agent under other circumstances. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface JoinAnswer {
  /** As an operator pastes it: `turnpike-agent join …`. */
  readonly joinCommand: string;
  readonly token: string;
  readonly pin: string;
  readonly enrolmentAddress: string;
}

/** The words of the join command behind the program's name. */
export function joinWords({ joinCommand }: Pick<JoinAnswer, 'joinCommand'>): string[] {
  return joinCommand.split(' ').slice(1);
}
