// npm run bench -- volume [--runs 5 --json FILE]: three nodes share a volume, one of them cut off at 95 % of it; what is left
// over, whether the bill is right, and how soon a top-up flows on each node.
import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { callApi } from '../../lab/api.ts';
import { createLab, type Lab } from '../../lab/lab.ts';
import { useUpTogether } from '../../lab/shared-volume.ts';
import { openShop } from '../../lab/shop.ts';
import { goesOn } from '../../lab/turn.ts';
import { toolOptions } from '../../options.ts';

const { values, whole } = toolOptions('npm run bench -- volume', {
  runs: { type: 'string', default: '5' },
  json: { type: 'string' },
});
const runs = whole('runs');
const volume = 15_000_000n;
const topUp = '3000000';
const everywhere = [1, 2, 3];

interface Figures {
  readonly run: number;
  readonly overshoot: number;
  readonly leftOver: number;
  /** From the call of the API until the first bytes, node by node. */
  readonly flowsAfterMs: readonly number[];
}

async function play(lab: Lab, run: number): Promise<Figures> {
  const { sale, accepted } = await useUpTogether(lab, volume);
  // Fails with the difference when the right bill does not come.
  await sale.billedExactly(accepted);
  const path = `/v1/subscriptions/${sale.subscription}/adjustments`;
  const body = { bytes: topUp, reason: 'bought more', reference: 'payment-2' };
  const from = performance.now();
  const flowing = everywhere.map((node) => goesOn(lab, [node], 0n).then(() => performance.now() - from));
  await callApi(lab.controller.socket, 'POST', path, body);
  const flowsAfterMs = await Promise.all(flowing);
  const left = Number(volume - accepted);
  return { run, overshoot: Math.max(0, -left), leftOver: Math.max(0, left), flowsAfterMs };
}

const figures: Figures[] = [];
for (let run = 1; run <= runs; run += 1) {
  await using lab = await createLab({ nodes: 3, clients: 3 });
  try {
    await openShop(lab);
    figures.push(await play(lab, run));
    process.stderr.write(`run ${run} of ${runs}\n`);
  } catch (error) {
    process.stderr.write(lab.logs());
    throw error;
  }
}

const table = new Table({
  style: { head: [], border: [] },
  head: ['run', 'beyond the volume, bytes', 'left over, bytes', 'a top-up flows after, node by node, ms'],
});
for (const { run, overshoot, leftOver, flowsAfterMs } of figures) {
  table.push([run, overshoot, leftOver, flowsAfterMs.map((ms) => ms.toFixed(0)).join(', ')]);
}
process.stdout.write(`${table.toString()}\nbilled is what was accepted, to the byte, in each run\n`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`);
const wrong = figures.some(
  ({ overshoot, flowsAfterMs }) => overshoot > 0 || Math.max(...flowsAfterMs) > 1000,
);
process.exitCode = wrong ? 1 : 0;
