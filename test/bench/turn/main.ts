// npm run bench -- turn [--runs 5 --json FILE]: traffic on three nodes through the end of a period, one of them cut off
// then, and into an expiry, with the controller dead, wall clocks stepped and one agent dead.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { passIntoExpiry } from '../../lab/expiry.ts';
import { createLab } from '../../lab/lab.ts';
import { openShop } from '../../lab/shop.ts';
import { passThroughTurn } from '../../lab/turn.ts';
import { toolOptions } from '../../options.ts';

const { values, whole } = toolOptions('npm run bench -- turn', {
  runs: { type: 'string', default: '5' },
  json: { type: 'string' },
});
const runs = whole('runs');

const at = ['in contact, wall clock + 1 h', 'cut off, wall clock - 1 h', 'in contact, agent dead'];
const figures: { run: number; node: string; turnBytes: number; turnMs: number; expiryMs: number }[] = [];
for (let run = 1; run <= runs; run++) {
  await using lab = await createLab({ nodes: 3, clients: 3 });
  try {
    await openShop(lab);
    const { sale, watch } = await passThroughTurn(lab);
    await sale.billedInTwoPeriods(await lab.traffic.settled());
    const turns = watch.uncertainties(await sale.usage(1));
    const ends = await passIntoExpiry(lab, sale);
    for (const [n, { node, bytes, ms }] of turns.entries()) {
      figures.push({ run, node, turnBytes: Number(bytes), turnMs: ms, expiryMs: ends[n] ?? Number.NaN });
    }
    process.stderr.write(`run ${run} of ${runs}\n`);
  } catch (error) {
    process.stderr.write(lab.logs());
    throw error;
  }
}

const table = new Table({
  style: { head: [], border: [] },
  head: [
    'node',
    'turn; expiry',
    'billed to the old period after its end: bytes',
    'ms',
    'last byte after the expiry: ms',
  ],
});
for (const [n, how] of at.entries()) {
  const mine = figures.filter(({ node }) => node === `node${n + 1}`);
  const range = (numbers: number[]) =>
    `${Math.min(...numbers).toFixed(0)} to ${Math.max(...numbers).toFixed(0)}`;
  table.push([
    `node${n + 1}`,
    how,
    range(mine.map(({ turnBytes }) => turnBytes)),
    range(mine.map(({ turnMs }) => turnMs)),
    range(mine.map(({ expiryMs }) => expiryMs)),
  ]);
}
process.stdout.write(`${table.toString()}\n`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
