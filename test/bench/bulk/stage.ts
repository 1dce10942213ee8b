import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { eventually } from '../../lab/eventually.ts';
import { NodeStandIn } from '../../unit/controller/node-stand-in.ts';
import { configText } from '../../unit/controller/rig.ts';

/** A controller as a process of its own, with nodes that are connected and keep what they are told in memory. */
export class Stage {
  readonly directory: string;
  readonly socketPath: string;
  readonly #ends: (() => Promise<unknown>)[] = [];
  readonly #nodes: NodeStandIn[] = [];
  #pid = 0;

  private constructor(directory: string) {
    this.directory = directory;
    this.socketPath = join(directory, 'api.sock');
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await mkdtemp(join(tmpdir(), 'turnpike-bulk-')));
    stage.#ends.push(() => rm(stage.directory, { recursive: true }));
    const file = join(stage.directory, 'controller.toml');
    await writeFile(file, configText(stage.directory, { range4: '10.64.0.0/12' }));
    stage.#pid = await stage.run(['controller/main.ts', '--config', file], (line) =>
      line.includes('"ready"'),
    );
    return stage;
  }

  /** A program of ours, once it prints what says that it is ready. Gives its process id. */
  async run(argv: readonly string[], isReady: (line: string) => boolean, input = ''): Promise<number> {
    const child = execa(process.execPath, argv, { reject: false, input, stderr: 'inherit', buffer: false });
    const { promise, resolve } = Promise.withResolvers<void>();
    createInterface(child.stdout).on('line', (line) => isReady(line) && resolve());
    this.#ends.push(async () => {
      child.kill('SIGTERM');
      await child;
    });
    const ended = child.then(() => Promise.reject(new Error(`${argv[0]} has ended`)));
    await Promise.race([promise, ended]);
    return child.pid ?? 0;
  }

  async addNodes(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const endpoint = `${name}.example.net:51820`;
      const { joinCommand } = await this.ask<{ joinCommand: string }>('POST', '/v1/nodes', {
        name,
        endpoint,
      });
      const node = new NodeStandIn();
      await node.start(joinCommand);
      this.#ends.push(() => node.stop());
      this.#nodes.push(node);
    }
  }

  /** Until every node has so many devices, and none has more to hear. */
  async nodesHave(devices: number): Promise<void> {
    const all = () => this.#nodes.every((node) => node.devices.size === devices);
    await eventually('the nodes have all devices', all, { within: 300_000, every: 100 });
  }

  async ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const lines = body === undefined ? undefined : Readable.from([JSON.stringify(body)]);
    return (await json(await this.send(method, path, 'application/json', lines))) as Answer;
  }

  /** The answer's stream; the body is read as fast as it is taken. */
  async send(method: string, path: string, type: string, body?: Readable) {
    const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
    const headers = body === undefined ? {} : { 'content-type': type };
    const sent = request({ socketPath: this.socketPath, method, path, headers }, resolve).on('error', reject);
    if (body === undefined) sent.end();
    else await pipeline(body, sent);
    const answer = await promise;
    if ((answer.statusCode ?? 500) < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.statusCode} ${JSON.stringify(await json(answer))}`);
  }

  /** Of the controller: what it has in memory now, and had at most so far; bytes. */
  async memory(): Promise<{ now: number; most: number }> {
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8');
    const of = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return { now: of('VmRSS'), most: of('VmHWM') };
  }

  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}
