import { mkdirSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Cli } from './cli.ts';
import type { Host } from './host.ts';
import type { Program } from './program.ts';
import { rewrite } from './rewrite.ts';
import type { RunResult } from './run.ts';
import { controllerAddress } from './topology.ts';

const source = fileURLToPath(new URL('../../controller/main.ts', import.meta.url));

/** The product's controller in its host. */
export class Controller {
  readonly host: Host;
  readonly cli: Cli;
  readonly configFile: string;
  /** Of the HTTP API. */
  readonly socket: string;
  /** Where the books are. */
  readonly directory: string;
  program: Program | undefined;

  constructor(host: Host) {
    this.host = host;
    this.configFile = host.file('controller.toml');
    this.socket = host.file('api.sock');
    this.directory = host.file('data');
    this.cli = new Cli(this.socket);
    mkdirSync(this.directory, { mode: 0o700 });
    writeFileSync(this.configFile, this.#config());
  }

  #config(): string {
    return `log_level = "debug"
[store]
path = "${this.directory}/turnpike.db"
[api]
socket = "${this.socket}"
[nodes]
address = "${controllerAddress}"
listen = "0.0.0.0:7443"
enrolment_listen = "0.0.0.0:7444"
[metrics]
listen = "127.0.0.1:9464"
[fleet]
range4 = "10.64.0.0/16"
range6 = "fd74:7572:6e70::/64"
`;
  }

  /** Changes the configuration file; each key must be in it. */
  configure(changes: Readonly<Record<string, string>>): void {
    rewrite(this.configFile, changes);
  }

  /** Starts it where it must not come up: how it ended, and what it said. */
  startInVain(prefix: readonly string[] = []): Promise<RunResult> {
    const argv = [...prefix, process.execPath, source, '--config', this.configFile];
    return this.host.tryRun(argv, { timeoutMs: 20_000 });
  }

  /** With words that run it under other circumstances, if any. */
  async start(prefix: readonly string[] = []): Promise<void> {
    const argv = [...prefix, process.execPath, source, '--config', this.configFile];
    this.program = this.host.start('controller', argv);
    await this.program.said(/"msg":"ready"/, 20_000);
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }

  async kill(): Promise<void> {
    await this.program?.kill();
  }

  /** Backs up, with everything at work, and brings all of it away from the machine: the path of the backup. */
  async backUp(): Promise<string> {
    const shelf = this.host.file('shelf');
    const { name } = await this.cli.json<{ name: string }>('backup', 'create');
    await rm(shelf, { recursive: true, force: true });
    await cp(`${this.directory}/backups`, shelf, { recursive: true });
    return `${shelf}/${name}`;
  }

  /** The machine is lost, while the controller does not run; of it there is the backup, and the envelope key. */
  async restore(backup: string): Promise<string> {
    const key = await readFile(`${this.directory}/envelope.key`);
    await rm(this.directory, { recursive: true });
    await mkdir(this.directory, { mode: 0o700 });
    await writeFile(`${this.directory}/envelope.key`, key, { mode: 0o600 });
    return this.host.run([process.execPath, source, '--config', this.configFile, '--restore', backup]);
  }

  /** What an upgrade does. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}
