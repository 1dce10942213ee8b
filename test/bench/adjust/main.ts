// npm run bench -- adjust [--devices 10000 --rounds 20 --books FILE --json FILE]: how soon an adjustment of one customer is in
// force on two nodes with ten thousand devices each, and whether others notice. FILE: keeps the crowd's books for the next run, with
// their key beside them.
import { copyFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import Table from 'cli-table3';
import { eventually } from '../../lab/eventually.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { ownFolder } from '../../lab/own.ts';
import { openShop, Sale } from '../../lab/shop.ts';
import { toolOptions } from '../../options.ts';
import { sellToCrowd } from './crowd.ts';
import { Adjusted, type Kind, kinds } from './customer.ts';
import { dropsOf } from './drops.ts';

const { values, whole } = toolOptions('npm run bench -- adjust', {
  devices: { type: 'string', default: '10000' },
  rounds: { type: 'string', default: '20' },
  books: { type: 'string' },
  json: { type: 'string' },
});
const devices = whole('devices');
const rounds = whole('rounds');
const allowedMs = 1000;

const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

async function prepareBooks(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  await sellToCrowd(path, devices);
  say(`${devices} devices were sold`);
}

async function allThere(lab: Lab): Promise<void> {
  for (const node of lab.nodes) {
    const known = async () => (await node.peers()).length;
    const enough = async () => (await known()) >= devices;
    await eventually(`${node.name} has ${devices} peers`, enough, { within: 120_000, every: 1000 });
  }
}

interface Outcome {
  readonly times: ReadonlyMap<Kind, readonly number[]>;
  /** Of others: datagrams sent meanwhile, and lost. */
  readonly others: { readonly sent: number; readonly lost: number };
  /** Packets dropped meanwhile before and behind the gate, whoever's they were: by host and place. */
  readonly drops: ReadonlyMap<string, number>;
}

async function measure(lab: Lab): Promise<Outcome> {
  await openShop(lab);
  await allThere(lab);
  say('all devices are on both nodes');
  const sale = await Sale.make(lab, 1_000_000_000n, 2, [], 'steady');
  const adjusted = await Adjusted.make(lab);
  for (const node of [1, 2]) {
    await sale.connect(2 + node, node, sale.device(node));
    const plan = { client: 2 + node, node, family: 4, payloadBytes: 200, bitsPerSecond: 32_000 } as const;
    for (const direction of ['up', 'down'] as const) (await lab.traffic.open({ ...plan, direction })).send();
  }
  const others = async () => {
    const readings = (await lab.traffic.readings()).filter(({ flow }) => flow.plan.client > 2);
    const sent = readings.reduce((sum, one) => sum + one.sentDatagrams, 0);
    return { sent, lost: sent - readings.reduce((sum, one) => sum + one.receivedDatagrams, 0) };
  };
  const hosts = [...lab.nodes, ...lab.clients, lab.internet].map(({ host }) => host);
  await adjusted.begin();
  const before = { ...(await others()), drops: await dropsOf(hosts) };
  const times = new Map<Kind, number[]>(kinds.map((kind) => [kind, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const kind of kinds) times.get(kind)?.push(await adjusted.adjust(kind));
    await adjusted.reset();
    const took = kinds.map((kind) => `${kind} ${times.get(kind)?.at(-1)?.toFixed(0)}`).join(', ');
    say(`round ${round} of ${rounds}: ${took}; others lost ${(await others()).lost - before.lost}`);
  }
  lab.traffic.restAll();
  await lab.traffic.settled();
  const after = await others();
  const drops = [...(await dropsOf(hosts))]
    .map(([place, count]) => [place, count - (before.drops.get(place) ?? 0)] as const)
    .filter(([, count]) => count > 0);
  await allThere(lab);
  return {
    times,
    others: { sent: after.sent - before.sent, lost: after.lost - before.lost },
    drops: new Map(drops),
  };
}

const folder = ownFolder();
try {
  const books = values.books ?? join(folder, 'crowd.db');
  await prepareBooks(books);
  await using lab = await createLab({ nodes: 2, clients: 4 });
  try {
    await copyFile(books, join(lab.controller.directory, 'turnpike.db'));
    await copyFile(join(dirname(books), 'envelope.key'), join(lab.controller.directory, 'envelope.key'));
    const { times, others, drops } = await measure(lab);
    const table = new Table({
      style: { head: [], border: [] },
      head: ['kind', 'p50 ms', 'p95 ms', 'most ms'],
    });
    const figures = kinds.map((kind) => {
      const sorted = [...(times.get(kind) ?? [])].sort((left, right) => left - right);
      const at = (part: number) =>
        sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
      return { kind, p50: at(0.5), p95: at(0.95), most: at(1) };
    });
    for (const { kind, p50, p95, most } of figures) {
      table.push([kind, p50.toFixed(0), p95.toFixed(0), most.toFixed(0)]);
    }
    process.stdout.write(`${table.toString()}\nothers: ${others.lost} of ${others.sent} datagrams lost\n`);
    for (const [place, count] of drops) process.stdout.write(`dropped by anybody: ${place}: ${count}\n`);
    if (values.json !== undefined) {
      await writeFile(
        values.json,
        `${JSON.stringify({ devices, rounds, figures, others, drops: Object.fromEntries(drops) }, null, 2)}\n`,
      );
    }
    process.exitCode = figures.some(({ most }) => most > allowedMs) || others.lost > 0 ? 1 : 0;
  } catch (error) {
    process.stderr.write(lab.logs());
    throw error;
  }
} finally {
  await rm(folder, { recursive: true });
}
