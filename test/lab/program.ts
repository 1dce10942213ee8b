import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readFileSync } from 'node:fs';
import { eventually } from './eventually.ts';
import { compileCache } from './run.ts';

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** For the lab's own programs: a channel for messages. */
  readonly channel?: boolean;
  /**
   * Before all others on a busy machine: for what stands behind the gate. What has been counted must arrive, and
   * wireguard-go's receive buffer holds 90 packets.
   */
  readonly urgent?: boolean;
}

/** A long-running program of the product or the lab, with its output in a file. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #logFile: string;
  /** Where in the log this run begins. */
  readonly #logStart: number;

  constructor(argv: readonly string[], logFile: string, options: ProgramOptions = {}) {
    const [program = '', ...args] = options.urgent ? ['nice', '-n', '-15', ...argv] : argv;
    appendFileSync(logFile, '');
    this.#logStart = readFileSync(logFile).length;
    this.#logFile = logFile;
    const log = openSync(logFile, 'a');
    this.#child = spawn(program, args, {
      stdio: options.channel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
      // Nothing of the test runner's own environment.
      env: {
        ...compileCache,
        ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C' },
        ...options.env,
      },
    });
    closeSync(log);
    this.#exited = once(this.#child, 'exit').catch((error: unknown) => appendFileSync(logFile, `${error}\n`));
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Null while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What this run has written so far. */
  log(): string {
    return readFileSync(this.#logFile).subarray(this.#logStart).toString();
  }

  /** Waits for a line in this run's log; a program that ends before it has said so is an error. */
  async said(pattern: RegExp, within: number): Promise<void> {
    await eventually(`${pattern} in ${this.#logFile}`, () => pattern.test(this.log()) || !this.running, {
      within,
    });
    if (!pattern.test(this.log())) throw new Error(`ended early:\n${this.log()}`);
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGSTOP, SIGCONT and the like. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The channel to programs of the lab itself. */
  get channel(): ChildProcess {
    return this.#child;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (!this.running) return;
    this.#child.kill(signal);
    await eventually(`process ${this.pid} ends after ${signal}`, () => !this.running, { within: 15_000 });
    await this.#exited;
  }
}
