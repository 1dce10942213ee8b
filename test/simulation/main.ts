import { namesAmong, readOptions, wholeNumber } from '../options.ts';
import { type Outcome, runPlan } from './run.ts';
import { only, shrink } from './shrink.ts';
import { drawPlan, type Plan, themes } from './steps.ts';
import { renderTable } from './table.ts';

const usage = `Usage: npm run sim -- [--seeds N] [--from S] [--themes messages,crashes] [--first]
       npm run sim -- --seed N [--only 1,4,7]

Plays N simulated worlds (300 unless told) from seed S on (1 unless told), and ends with a line for each class of faults,
in bytes, the worst of its runs. Of a seed that breaks a promise, the steps are left out that do not matter, and the line
is printed that plays the rest again; with --first it ends there. With --seed, plays that one and prints its steps.
`;

const values = readOptions(usage, {
  seed: { type: 'string' },
  only: { type: 'string' },
  seeds: { type: 'string', default: '300' },
  from: { type: 'string', default: '1' },
  themes: { type: 'string' },
  first: { type: 'boolean', default: false },
});
const whole = (name: string, text: string, least = 1) => wholeNumber(usage, name, text, least);

let stopped = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (stopped = true));

if (values.seed !== undefined) await playOne(whole('seed', values.seed, 0), values.only);
else await playMany(whole('from', values.from, 0), whole('seeds', values.seeds));

async function playOne(seed: number, places: string | undefined): Promise<void> {
  const drawn = drawPlan(seed);
  const chosen = places?.split(',').map((place) => whole('only', place, 0));
  const plan = chosen === undefined ? drawn : only(drawn, chosen);
  process.stdout.write(`${describe(plan, drawn)}\n`);
  const outcome = await runPlan(plan);
  process.stdout.write(`${renderTable([outcome])}\n`);
  if (outcome.broken === undefined) return;
  process.stdout.write(`broken: ${outcome.broken}\n`);
  process.exitCode = 1;
}

async function playMany(from: number, count: number): Promise<void> {
  const outcomes: Outcome[] = [];
  const some = namesAmong(usage, 'themes', values.themes, themes);
  for (let seed = from; seed < from + count && !stopped; seed += 1) {
    const plan = drawPlan(seed);
    if (!some.includes(plan.theme)) continue;
    const outcome = await runPlan(plan);
    outcomes.push(outcome);
    if (outcome.broken === undefined) continue;
    await explain(outcome);
    if (values.first) break;
  }
  process.stdout.write(`${renderTable(outcomes)}\n`);
}

async function explain({ plan, broken }: Outcome): Promise<void> {
  process.exitCode = 1;
  process.stdout.write(`seed ${plan.seed} (${plan.theme}): ${broken}\n`);
  if (stopped || values.first) return;
  const places = await shrink(plan, runPlan);
  process.stdout.write(`  again: npm run sim -- --seed ${plan.seed} --only ${places.join(',')}\n`);
}

function describe(plan: Plan, drawn: Plan): string {
  const lines = plan.steps.map(({ at, ...deed }) => {
    const place = drawn.steps.findIndex((step) => step.at === at && step.kind === deed.kind);
    return `${String(place).padStart(3)}  ${String(at).padStart(6)} ms  ${JSON.stringify(deed)}`;
  });
  return [`seed ${plan.seed}: ${plan.theme}`, ...lines].join('\n');
}
