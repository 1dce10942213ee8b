/**
 * `scripts/demo [--json FILE] [--slow]`: the main job as a story that a person can follow, on this machine, in network
 * namespaces. Ends with 0 only if every promise was kept.
 */
import { writeFileSync } from 'node:fs';
import { createLab } from '../lab/lab.ts';
import { toolOptions } from '../options.ts';
import { brokenPromises, grouped, renderTable, toJson } from './figures.ts';
import { type StoryOptions, type Teller, tellStory } from './story.ts';

const options = {
  json: { type: 'string' },
  /** A slow machine needs longer, and less to carry. */
  slow: { type: 'boolean', default: false },
} as const;

const usual: StoryOptions = {
  volumeBytes: 40_000_000n,
  topUpBytes: 10_000_000n,
  bitsPerSecond: 2_500_000,
  quietMs: 2000,
  withinMs: 35_000,
};
const slow: StoryOptions = {
  volumeBytes: 8_000_000n,
  topUpBytes: 2_000_000n,
  bitsPerSecond: 250_000,
  quietMs: 45_000,
  withinMs: 60_000,
};

function teller(everyMs: number): Teller {
  const start = performance.now();
  let last = 0;
  const seconds = () => ((performance.now() - start) / 1000).toFixed(1).padStart(6);
  return {
    say: (line) => console.log(`${seconds()} s  ${line}`),
    live(accepted, sold, nodes) {
      if (performance.now() - last < everyMs) return;
      last = performance.now();
      const share = nodes.map((bytes, index) => `node${index + 1} ${grouped(bytes)}`).join(', ');
      console.log(`${seconds()} s    ${grouped(accepted)} of ${grouped(sold)} bytes (${share})`);
    },
  };
}

async function main(): Promise<number> {
  const { values } = toolOptions('scripts/demo', options);
  const story = values.slow ? slow : usual;
  const say = teller(values.slow ? 10_000 : 1000);
  await using lab = await createLab({ nodes: 2, clients: 2 });
  try {
    const figures = await tellStory(lab, story, say);
    console.log(`\n${renderTable(figures)}\n`);
    if (values.json !== undefined) writeFileSync(values.json, toJson(figures));
    const broken = brokenPromises(figures, values.slow ? 20_000 : 1000);
    for (const line of broken) console.log(`broken: ${line}`);
    if (broken.length === 0) console.log('Stopped to the byte, billed to the byte.');
    return broken.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(lab.logs());
    console.error(`demo: the story broke off: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

process.exitCode = await main();
