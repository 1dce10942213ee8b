import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import type { Node } from '../lab/node.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { canaries, leaksIn } from '../unit/secrets/stand-ins.ts';

const source = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));
const secrets = Object.values(canaries).join(' ');

/** Programs in front of the real ones, which they become unless they are told to go wrong. */
class Wrappers {
  readonly directory: string;

  constructor(node: Node) {
    this.directory = node.host.file('wrappers');
    mkdirSync(this.directory);
    for (const program of ['wg', 'nft', 'ip']) {
      const path = `${this.directory}/${program}`;
      writeFileSync(
        path,
        `#!/bin/sh
if [ -e ${this.directory}/wrong ]; then
  echo "${secrets}"; echo "${secrets}" >&2; . ${this.directory}/wrong
fi
PATH=\${PATH#*:} exec ${program} "$@"
`,
      );
      chmodSync(path, 0o755);
    }
  }

  /** `end`: words of the shell. */
  goWrong(end: string): void {
    writeFileSync(`${this.directory}/wrong`, end);
  }

  goRight(): void {
    rmSync(`${this.directory}/wrong`);
  }
}

async function nodeBehindWrappers(lab: Lab): Promise<{ node: Node; wrappers: Wrappers; path: string[] }> {
  await openShop(lab);
  const node = lab.node(1);
  await node.stop();
  const wrappers = new Wrappers(node);
  const path = ['env', `PATH=${wrappers.directory}:${process.env['PATH']}`];
  node.program = node.host.start('agent', [
    ...path,
    process.execPath,
    source,
    'run',
    '--config',
    node.configFile,
  ]);
  await node.program.said(/"msg":"ready"/, 20_000);
  return { node, wrappers, path };
}

async function nobodyDumpsCores(lab: Lab, node: Node): Promise<void> {
  const wireguard = await node.host.tryRun(['pgrep', '-xf', `wireguard-go ${node.interface}`]);
  const pids = [
    node.program?.pid,
    lab.controller.program?.pid,
    ...wireguard.stdout.split('\n').filter(Boolean),
  ];
  for (const pid of pids) {
    expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max core file size +0 +0 /m);
    expect(readFileSync(`/proc/${pid}/coredump_filter`, 'utf8')).toBe('00000000\n');
  }
}

test('what wg, nft and ip print when they go wrong is in no log, status, metric or finding, none dumps a core, and the agent recovers', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const { node, wrappers, path } = await nodeBehindWrappers(lab);
  await node.isMade();
  await nobodyDumpsCores(lab, node);
  const sale = await Sale.make(lab, 100_000_000n, 1);
  await node.hasPeer(sale.device(1).publicKey);
  for (const end of ['exit 1', 'exit 0']) {
    wrappers.goWrong(end);
    // Something to do: a new device, which takes all three programs.
    await sale.addDevice();
    const status = await eventually(
      'the agent is in trouble',
      async () => {
        const text = await node.agent('status', '--json');
        return JSON.parse(text).process?.lastError && text;
      },
      { within: 20_000, every: 200 },
    );
    const doctor = await node.agentInVain(['doctor', '--json'], { prefix: path });
    const metrics = await node.host.run(['curl', '-s', 'http://127.0.0.1:9465/metrics']);
    expect(leaksIn([status, doctor.stdout, doctor.stderr, metrics].join('\n'))).toEqual([]);
    wrappers.goRight();
    await eventually(
      'all is in force again',
      async () => JSON.parse(await node.agent('status', '--json')).process?.inForce,
      { within: 45_000, every: 300 },
    );
  }
  expect(node.program?.log()).toContain('could not bring the node to what is desired');
  expect(leaksIn(node.program?.log() ?? '')).toEqual([]);
});
