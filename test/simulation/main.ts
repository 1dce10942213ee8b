import { parseArgs } from 'node:util';
import { runPlan } from './run.ts';
import { drawPlan } from './steps.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
  },
});
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const cpu = process.cpuUsage();
const started = performance.now();
for (let seed = from; seed < from + count; seed += 1) {
  const outcome = await runPlan(drawPlan(seed));
  if (outcome.broken) console.log(seed, outcome.plan.theme, outcome.broken);
  if (values.seed) console.log(outcome);
}
const { user, system } = process.cpuUsage(cpu);
console.log('cpu ms per seed', (user + system) / 1000 / count, 'wall', (performance.now() - started) / count);
