import { describe, expect, test } from 'vitest';
import { runPlan } from '../../simulation/run.ts';
import { drawPlan, type Theme, themes } from '../../simulation/steps.ts';

/** Of each class of faults. More, and others, with `npm run sim`. */
const seeds = Math.ceil(300 / themes.length);

/** In more than one file, so that they run beside each other. */
export function keepsItsPromises(some: readonly Theme[]): void {
  describe.each(some)('with %s', (theme) => {
    test(`no promise is broken in ${seeds} simulated worlds`, async () => {
      for (let round = 0; round < seeds; round += 1) {
        const plan = drawPlan(round * themes.length + themes.indexOf(theme));
        expect(plan.theme).toBe(theme);
        const { broken } = await runPlan(plan);
        expect(broken, `npm run sim -- --seed ${plan.seed}`).toBeUndefined();
      }
    }, 120_000);
  });
}
