// npm run bench -- sharing [--runs 20 --together 5 --idle-seconds 240 --json FILE]: is one key on two devices found, and
// does a device that only moves stay unsuspected?
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { createLab, type Lab } from '../../lab/lab.ts';
import { openShop, Sale } from '../../lab/shop.ts';
import { toolOptions } from '../../options.ts';
import { type Outcome, type Stage, type Story, stories } from './stories.ts';

const { values, whole, some } = toolOptions('npm run bench -- sharing', {
  runs: { type: 'string', default: '20' },
  /** Devices that are looked at at the same time. */
  together: { type: 'string', default: '5' },
  /** For how long copies that only send keepalives are watched. */
  'idle-seconds': { type: 'string', default: '240' },
  /** Only these stories, by name, with commas. */
  only: { type: 'string' },
  json: { type: 'string' },
});
const runs = whole('runs');
const together = whole('together');
const all = stories(whole('idle-seconds', 0));
const wanted = some(
  'only',
  all.map(({ name }) => name),
);
const chosen = all.filter(({ name }) => wanted.includes(name));

const started = performance.now();
const say = (line: string) =>
  process.stderr.write(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${line}\n`);

/** Some runs of a story at once, each with a device of its own. */
async function playTogether(story: Story, count: number): Promise<Outcome[]> {
  await using lab: Lab = await createLab({ nodes: 2, clients: 2 * count });
  try {
    await openShop(lab);
    const sale = await Sale.make(lab, 1_000_000_000n, count);
    const stages: Stage[] = sale.devices.map((device, n) => ({
      lab,
      sale,
      device,
      clients: [2 * n + 1, 2 * n + 2],
    }));
    return await Promise.all(stages.map((stage) => story.play(stage)));
  } catch (error) {
    process.stderr.write(lab.logs());
    throw error;
  }
}

const results: { story: Story; outcomes: Outcome[] }[] = [];
for (const story of chosen) {
  const outcomes: Outcome[] = [];
  while (outcomes.length < runs) {
    outcomes.push(...(await playTogether(story, Math.min(together, runs - outcomes.length))));
    say(`${story.name}: ${outcomes.length} of ${runs}`);
  }
  results.push({ story, outcomes });
}

const seconds = (ms: number) => (ms / 1000).toFixed(1);
const table = new Table({
  style: { head: [], border: [] },
  head: ['story', 'runs', 'taken for shared', 'wanted', 'after s: median', 'longest', 'watched s'],
});
let wrong = 0;
for (const { story, outcomes } of results) {
  const found = outcomes.flatMap(({ foundMs }) => foundMs ?? []).sort((left, right) => left - right);
  const median = found[found.length >> 1];
  const longest = found.at(-1);
  if (story.wanted === 'all' && found.length < outcomes.length) wrong += 1;
  if (story.wanted === 'none' && found.length > 0) wrong += 1;
  table.push([
    ...[story.title, outcomes.length, found.length, story.wanted],
    ...[median === undefined ? '-' : seconds(median), longest === undefined ? '-' : seconds(longest)],
    seconds(Math.max(...outcomes.map(({ watchedMs }) => watchedMs))),
  ]);
}
process.stdout.write(`${table.toString()}\n`);
if (values.json !== undefined) {
  const report = results.map(({ story, outcomes }) => ({
    story: story.name,
    wanted: story.wanted,
    outcomes,
  }));
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
}
process.exitCode = wrong > 0 ? 1 : 0;
