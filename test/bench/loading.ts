// npm run bench [-- --devices 10000 --rounds 5 --json FILE]: what it costs to bring a fleet onto a node.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { toolOptions } from '../options.ts';
import { agentLoop } from './agent-loop.ts';
import { type Contender, drivers, tools } from './contenders.ts';
import { measureFigures } from './figures.ts';
import { type Fleet, makeFleet } from './fleet.ts';
import { partUsage } from './parts.ts';
import { openStage } from './stage.ts';

/** The first is what the others are compared with. */
const contenders: readonly [Contender, ...Contender[]] = [tools, drivers, agentLoop];
const allowedRatio = 1.2;
const plain = { head: [], border: [] };

const { values, whole } = toolOptions(
  'npm run bench --',
  {
    devices: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'string' },
  },
  `       ${partUsage}`,
);
const devices = whole('devices');
const rounds = whole('rounds');

async function timeOnce(contender: Contender, fleet: Fleet): Promise<number> {
  const stage = await openStage();
  try {
    const run = await contender.prepare(stage, fleet);
    const start = performance.now();
    await run();
    const took = performance.now() - start;
    const peers = (await stage.wireguard.peers()).size;
    const { counted, allowance } = await stage.gate.observe();
    if (peers !== devices || counted.size !== 2 * devices || allowance.size !== 2 * devices) {
      throw new Error(`${contender.name} brought ${peers} peers and ${counted.size} addresses`);
    }
    return took;
  } finally {
    await stage.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

const fleet = makeFleet(devices);
const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round < rounds; round += 1) {
  // Each goes first in turn, so that none always meets the machine as the other left it.
  const order = round % 2 === 0 ? contenders : contenders.toReversed();
  for (const contender of order) times.get(contender.name)?.push(await timeOnce(contender, fleet));
  process.stderr.write(`round ${round + 1} of ${rounds}\n`);
}

const milliseconds = (value: number) => value.toFixed(value < 100 ? 1 : 0);
const reference = median(times.get(contenders[0].name) ?? []);
const results = contenders.map(({ name }) => {
  const all = times.get(name) ?? [];
  return { name, medianMs: median(all), ratio: median(all) / reference, allMs: all };
});

const comparison = new Table({
  style: plain,
  head: [`${devices} devices at once`, 'median ms', 'ratio', 'rounds ms'],
});
for (const { name, medianMs, ratio, allMs } of results) {
  comparison.push([name, milliseconds(medianMs), ratio.toFixed(2), allMs.map(milliseconds).join(' ')]);
}
const figures = await measureFigures(fleet);
const everyday = new Table({ style: plain, head: [`beside ${devices} devices`, 'ms'] });
for (const [what, took] of figures) everyday.push([what, milliseconds(took)]);
process.stdout.write(`${comparison.toString()}\n${everyday.toString()}\n`);

if (values.json !== undefined) {
  const report = {
    devices,
    rounds,
    allowedRatio,
    contenders: results,
    figuresMs: Object.fromEntries(figures),
  };
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
const slow = results.filter(({ ratio }) => ratio > allowedRatio);
for (const { name, ratio } of slow) {
  process.stderr.write(`${name} takes ${ratio.toFixed(2)} times as long; ${allowedRatio} is allowed\n`);
}
process.exitCode = slow.length > 0 ? 1 : 0;
