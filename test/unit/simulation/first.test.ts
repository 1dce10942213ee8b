import { expect, test } from 'vitest';
import { runPlan } from '../../simulation/run.ts';
import { only, shrink } from '../../simulation/shrink.ts';
import { drawPlan, themes } from '../../simulation/steps.ts';
import { keepsItsPromises } from './worlds.ts';

keepsItsPromises(themes.filter((_, n) => n % 2 === 0));

test('a seed plays the same each time', async () => {
  const [first, second] = [await runPlan(drawPlan(9)), await runPlan(drawPlan(9))];
  expect(second.trace).toBe(first.trace);
});

test('of a plan that breaks something, only the steps that do so are left', async () => {
  const plan = drawPlan(1);
  const culprits = [plan.steps[2], plan.steps[5]];
  const outcome = await runPlan(only(plan, []));
  const places = await shrink(plan, async ({ steps }) => ({
    ...outcome,
    broken: culprits.every((step) => step !== undefined && steps.includes(step)) ? 'both' : undefined,
  }));
  expect(places).toEqual([2, 5]);
});
