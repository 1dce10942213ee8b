/**
 * `npm run chaos`: rounds of faults under traffic, on real WireGuard, nft, controller and agents. Ends with 0 only if
 * every promise was kept.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { canMakeDisks } from '../lab/disk.ts';
import { readOptions, wholeNumber } from '../options.ts';
import { drawRound } from './draw.ts';
import { faultNames } from './faults.ts';
import { runRounds } from './run.ts';
import { type Outcome, renderTable } from './table.ts';

const usage = `npm run chaos -- [--rounds N] [--seed S] [--from K] [--figures FILE]

  --rounds N      so many rounds (100)
  --seed S        what they are drawn from (1)
  --from K        the number of the first round (1): a round is drawn from the seed and its number alone
  --figures FILE  keeps each round as a line of JSON; the table at the end is of all rounds in the file
`;

const values = readOptions(usage, {
  rounds: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  from: { type: 'string', default: '1' },
  figures: { type: 'string' },
});
const rounds = wholeNumber(usage, 'rounds', values.rounds);
const seed = wholeNumber(usage, 'seed', values.seed);
const from = wholeNumber(usage, 'from', values.from);
const started = performance.now();

const plans = Array.from({ length: rounds }, (_, index) => drawRound(seed, from + index, faultNames)).filter(
  ({ number, fault }) => {
    const can = canMakeDisks || fault !== "agent's disk full for a while";
    if (!can) console.log(`not run: round ${number} (${fault}): this machine makes no disks`);
    return can;
  },
);
const outcomes = await runRounds(plans, ({ outcome, logs }) => {
  const { number, fault, broken, recoveryMs, billedMinusAccepted } = outcome;
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(5);
  const figures = `billed − accepted ${billedMinusAccepted}, still for ${recoveryMs} ms`;
  console.log(`${seconds} s  round ${number}: ${fault}: ${broken.length === 0 ? figures : 'BROKEN'}`);
  if (logs !== undefined) console.error(logs);
  for (const line of broken) console.log(`         ${line}`);
  if (broken.length > 0) {
    console.log(`         repeat it: npm run chaos -- --seed ${seed} --from ${number} --rounds 1`);
  }
  if (values.figures !== undefined) appendFileSync(values.figures, `${JSON.stringify(outcome)}\n`);
});
console.log(`\n${renderTable(values.figures === undefined ? outcomes : kept(values.figures))}`);
const broken = outcomes.filter((outcome) => outcome.broken.length > 0);
console.log(broken.length === 0 ? 'Every promise was kept.' : `${broken.length} rounds broke a promise.`);
process.exitCode = broken.length === 0 ? 0 : 1;

function kept(file: string): Outcome[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome);
}
