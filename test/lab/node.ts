import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Cli } from './cli.ts';
import { deletionsOf } from './deletions.ts';
import { eventually } from './eventually.ts';
import type { Host } from './host.ts';
import { tunnelName } from './names.ts';
import type { Program } from './program.ts';
import { accessAddress } from './topology.ts';

const source = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

/** A VPN server with the product's agent. */
export class Node {
  readonly number: number;
  readonly host: Host;
  readonly configFile: string;
  /** Of WireGuard. */
  readonly interface: string;
  program: Program | undefined;

  constructor(number: number, host: Host) {
    this.number = number;
    this.host = host;
    this.interface = tunnelName(host.prefix, host.name);
    this.configFile = host.file('agent.toml');
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
    const { token, pin, enrolmentAddress } = await cli.json<JoinAnswer>(
      ...['node', 'add', this.name, '--endpoint', this.endpoint],
    );
    await this.agent('join', enrolmentAddress, '--token', token, '--pin', pin);
  }

  /** One of the agent's commands, to its end. */
  agent(...words: readonly string[]): Promise<string> {
    return this.host.run([process.execPath, source, ...words, '--config', this.configFile]);
  }

  async start(): Promise<void> {
    const argv = [process.execPath, source, 'run', '--config', this.configFile];
    this.program = this.host.start('agent', argv);
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

  /** Waits until WireGuard on this node knows a device. */
  async hasPeer(publicKey: string, within = 10_000): Promise<void> {
    const look = async () => (await this.peers()).includes(publicKey);
    await eventually(`${this.name} has peer ${publicKey}`, look, { within });
  }

  /** Public keys of the devices that WireGuard knows here. */
  async peers(): Promise<readonly string[]> {
    const text = await this.host.run(['wg', 'show', this.interface, 'peers']);
    return text.split('\n').filter((line) => line !== '');
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
}

interface JoinAnswer {
  readonly token: string;
  readonly pin: string;
  readonly enrolmentAddress: string;
}
