import { randomInt } from 'node:crypto';
import { renderTable } from '../../controller/cli/table.ts';
import { namesAmong, readOptions, wholeNumber } from '../options.ts';
import { Coverage } from './coverage.ts';
import { type Outcome, runTarget } from './run.ts';
import { targets } from './targets.ts';

const usage = `Usage: npm run fuzz -- [--seconds N] [--seed S] [--target NAME] [--path P]

N seconds over all targets together (120 unless told); one line of each finding does it again.
Targets: ${targets.map(({ name }) => name).join(', ')}
`;

const values = readOptions(usage, {
  seconds: { type: 'string', default: '120' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  target: { type: 'string' },
  path: { type: 'string' },
});
const wanted = namesAmong(
  usage,
  'target',
  values.target,
  targets.map(({ name }) => name),
);
const chosen = targets.filter(({ name }) => wanted.includes(name));
const seed = wholeNumber(usage, 'seed', values.seed, 0);
const seconds = wholeNumber(usage, 'seconds', values.seconds);

const root = new URL('../../', import.meta.url);
const coverage = new Coverage();
await coverage.start();
const rows: string[][] = [];
let findings = 0;
for (const target of chosen) {
  console.log(`${target.name}: ${target.holds}`);
  const { path } = values;
  const outcome = await runTarget(target, {
    seed,
    seconds: seconds / chosen.length,
    runs: 2 ** 31 - 1,
    path,
  });
  const share = await coverage.take(root, target.files);
  findings += Number(outcome.finding !== undefined);
  tell(outcome);
  rows.push([
    target.name,
    String(outcome.runs),
    (outcome.milliseconds / 1000).toFixed(1),
    String(Number(outcome.finding !== undefined)),
    share === undefined ? '-' : `${Math.round(share * 100)} %`,
  ]);
}
coverage.stop();
const table = renderTable(['target', 'runs', 'seconds', 'findings', 'coverage'], rows);
console.log(`\n${table}\nseed ${seed}: ${findings} findings`);
process.exit(findings === 0 ? 0 : 1);

function tell({ finding }: Outcome): void {
  if (finding === undefined) return;
  console.log(`  FINDING with ${finding.input}\n  ${finding.error}\n  again: ${finding.replay}`);
}
