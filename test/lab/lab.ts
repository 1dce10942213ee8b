import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from './client.ts';
import { Controller } from './controller.ts';
import { Host } from './host.ts';
import { Internet } from './internet.ts';
import { hireJanitor } from './janitor.ts';
import { newPrefix } from './names.ts';
import { Node } from './node.ts';
import { buildTopology, planHosts } from './topology.ts';
import { Traffic } from './traffic/traffic.ts';

export interface LabOptions {
  readonly nodes: number;
  readonly clients: number;
}

export interface Lab extends AsyncDisposable {
  readonly prefix: string;
  readonly controller: Controller;
  readonly internet: Internet;
  readonly traffic: Traffic;
  /** From 1. */
  node(number: number): Node;
  client(number: number): Client;
  readonly nodes: readonly Node[];
  readonly clients: readonly Client[];
  /** The end of each program's log; also after the lab is gone, for whoever looks at a failed test. */
  logs(): string;
}

/**
 * Hosts with cables, the internet's server and the clients' traffic programs, all running; the product's programs are
 * the story's to start. `await using` removes it all; the janitor does if this process fails.
 */
export async function createLab({ nodes, clients }: LabOptions): Promise<Lab> {
  const prefix = newPrefix();
  const folder = join(tmpdir(), `${prefix}-lab`);
  mkdirSync(folder, { mode: 0o700 });
  const janitor = hireJanitor(prefix);
  try {
    const plans = planHosts(nodes, clients);
    await buildTopology(prefix, plans);
    const host = (name: string) => new Host(prefix, name, folder);
    const [internet, ...clientHosts] = await Promise.all([
      Internet.start(host('net'), nodes),
      ...numbers(clients).map((number) => Client.start(number, host(`c${number}`))),
    ]);
    const nodeHosts = numbers(nodes).map((number) => new Node(number, host(`n${number}`)));
    const ends = new Map(clientHosts.map((client) => [client.number, client.end]));
    let lastLogs: string | undefined;
    return {
      prefix,
      controller: new Controller(host('ctl')),
      internet,
      traffic: new Traffic(internet.end, ends),
      nodes: nodeHosts,
      clients: clientHosts,
      node: (number) => nth(nodeHosts, number),
      client: (number) => nth(clientHosts, number),
      logs: () => lastLogs ?? tails(folder),
      async [Symbol.asyncDispose]() {
        lastLogs = tails(folder);
        await janitor.clean();
      },
    };
  } catch (error) {
    const said = tails(folder);
    await janitor.clean();
    throw new Error(`the lab could not be built\n${said}`, { cause: error });
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

function nth<T>(list: readonly T[], number: number): T {
  const item = list[number - 1];
  if (!item) throw new Error(`the lab has ${list.length} of these, not ${number}`);
  return item;
}

const tailLines = 60;

function tails(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => {
      const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n');
      return `── ${name}\n${lines.slice(-tailLines).join('\n')}\n`;
    })
    .join('');
}
