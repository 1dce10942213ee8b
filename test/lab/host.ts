import { join } from 'node:path';
import { interfaceName, namespaceName, portName } from './names.ts';
import { Program, type ProgramOptions } from './program.ts';
import { type RunOptions, type RunResult, run, tryRun } from './run.ts';
import type { Network } from './topology.ts';

/** A network namespace as a host. Files are shared with the machine; each host has a folder for its own. */
export class Host {
  readonly name: string;
  readonly prefix: string;
  /** Of the whole lab. */
  readonly folder: string;

  constructor(prefix: string, name: string, folder: string) {
    this.prefix = prefix;
    this.name = name;
    this.folder = folder;
  }

  get namespace(): string {
    return namespaceName(this.prefix, this.name);
  }

  interface(network: Network): string {
    return interfaceName(this.prefix, this.name, network);
  }

  file(name: string): string {
    return join(this.folder, `${this.name}-${name}`);
  }

  run(argv: readonly string[], options?: RunOptions): Promise<string> {
    return run(this.#inside(argv), options);
  }

  tryRun(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    return tryRun(this.#inside(argv), options);
  }

  /** Starts a program that stays; all its runs write to one log file. */
  start(name: string, argv: readonly string[], options?: ProgramOptions): Program {
    return new Program(this.#inside(argv), this.file(`${name}.log`), options);
  }

  /** Loads nft rules, as text. */
  async nft(text: string): Promise<void> {
    await this.run(['nft', '-f', '-'], { input: text });
  }

  /** UDP datagrams that came, and that no program took in time, as the machine was too busy. */
  async datagramsLost(): Promise<number> {
    const text = await this.run(['cat', '/proc/net/snmp', '/proc/net/snmp6']);
    const [names = [], values = []] = [...text.matchAll(/^Udp: (.*)$/gm)].map(([, line]) => line?.split(' '));
    const [, ipv6] = /^Udp6RcvbufErrors\s+(\d+)$/m.exec(text) ?? [];
    return Number(values[names.indexOf('RcvbufErrors')] ?? 0) + Number(ipv6 ?? 0);
  }

  /** Pulls the cable to a network, or puts it back. */
  async plug(network: Network, state: 'up' | 'down'): Promise<void> {
    const port = portName(this.prefix, this.name, network);
    await run(['ip', '-n', namespaceName(this.prefix, 'sw'), 'link', 'set', port, state]);
  }

  // `ip netns exec` becomes the program, so its process id and signals are the program's own.
  #inside(argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.namespace, ...argv];
  }
}
