// npm run bench -- bulk [--subscriptions 100000 --devices 2 --nodes 3 --seconds 8 --json FILE]: a billing system's list is
// imported, imported again, reconciled and exported; then how long pages of lists and searches take at that size,
// beside a bare fastify route that answers as much.
import { createReadStream, createWriteStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { json, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import Table from 'cli-table3';
import { grouped } from '../../demo/figures.ts';
import { toolOptions } from '../../options.ts';
import { listOf } from './lines.ts';
import { measurePages } from './pages.ts';
import { Stage } from './stage.ts';

const { values, whole } = toolOptions('npm run bench -- bulk', {
  subscriptions: { type: 'string', default: '100000' },
  devices: { type: 'string', default: '2' },
  nodes: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '8' },
  json: { type: 'string' },
});
const subscriptions = whole('subscriptions');
const devices = whole('devices');
const nodes = whole('nodes');
const seconds = whole('seconds');
const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

interface Step {
  readonly step: string;
  readonly seconds: number;
  /** Of the controller, at the end and at most so far. */
  readonly memoryMb: number;
  readonly mostMb: number;
}

const stage = await Stage.open();
const steps: Step[] = [];

async function timed<Result>(step: string, work: () => Promise<Result>): Promise<Result> {
  const from = performance.now();
  const result = await work();
  const { now, most } = await stage.memory();
  const seconds = (performance.now() - from) / 1000;
  steps.push({ step, seconds, memoryMb: now / 1e6, mostMb: most / 1e6 });
  say(`${step}: ${seconds.toFixed(1)} s, controller ${(now / 1e6).toFixed(0)} MB`);
  return result;
}

const ndjson = 'application/x-ndjson';
const put = async (path: string, file: string) =>
  (await json(await stage.send('POST', path, ndjson, createReadStream(file)))) as { refused: number };

async function expectNone(result: Promise<{ refused: number }>): Promise<void> {
  const { refused } = await result;
  if (refused > 0) throw new Error(`${refused} lines were refused`);
}

try {
  await stage.addNodes(Array.from({ length: nodes }, (_, n) => `node-${n + 1}`));
  await stage.ask('POST', '/v1/tariffs', {
    ...{ name: 'monthly', volumeBytes: '50000000000', period: 'month', maxDevices: 5 },
    ...{ maxConnections: 2, thresholds: [80, 95] },
  });
  const file = join(stage.directory, 'billing.ndjson');
  await pipeline(Readable.from(listOf(subscriptions, devices)), createWriteStream(file));
  const { size } = await stat(file);
  say(`${grouped(BigInt(subscriptions * (devices + 1)))} lines, ${(size / 1e6).toFixed(0)} MB`);
  const idle = await stage.memory();
  await timed('import', () => expectNone(put('/v1/import', file)));
  await timed('until the nodes have it', () => stage.nodesHave(subscriptions * devices));
  await timed('import of the same again', () => expectNone(put('/v1/import', file)));
  await timed('reconcile, dry run', () => expectNone(put('/v1/reconcile?dryRun=true', file)));
  const exported = await timed('export', async () => text(await stage.send('GET', '/v1/export', ndjson)));
  const lines = exported.split('\n').length - 1;
  if (lines !== subscriptions * (devices + 1)) throw new Error(`${lines} lines were exported`);
  const pages = await measurePages(stage, {
    subscriptions,
    seconds,
    say,
  });
  const stepTable = new Table({ head: ['step', 'seconds', 'controller MB', 'most MB'] });
  for (const { step, seconds, memoryMb, mostMb } of steps) {
    stepTable.push([step, seconds.toFixed(1), memoryMb.toFixed(0), mostMb.toFixed(0)]);
  }
  const pageTable = new Table({ head: ['page', 'bytes', 'p50 ms', 'p99 ms', 'bare p99 ms', 'ratio'] });
  for (const { page, bytes, p50, p99, bare, ratio } of pages) {
    pageTable.push([page, grouped(BigInt(bytes)), p50, p99, bare, ratio.toFixed(1)]);
  }
  process.stdout.write(`before: ${(idle.now / 1e6).toFixed(0)} MB\n${stepTable}\n${pageTable}\n`);
  if (values.json !== undefined)
    await writeFile(values.json, JSON.stringify({ idle, steps, pages }, null, 2));
} finally {
  await stage.close();
}
