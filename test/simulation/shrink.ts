import type { Outcome } from './run.ts';
import type { Plan } from './steps.ts';

/** A world takes a part of a second; what is not found after so many stays as it is. */
const mostTries = 80;

/** Leaves out steps for as long as something is broken all the same; gives back the places of those that are left. */
export async function shrink(plan: Plan, run: (plan: Plan) => Promise<Outcome>): Promise<number[]> {
  let kept = plan.steps.map((_, place) => place);
  let tries = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length && tries < mostTries; ) {
      const without = [...kept.slice(0, from), ...kept.slice(from + size)];
      tries += 1;
      const { broken } = await run(only(plan, without));
      if (broken === undefined) from += size;
      else kept = without;
    }
  }
  return kept;
}

/** The plan with these steps of it alone. */
export function only(plan: Plan, places: readonly number[]): Plan {
  return { ...plan, steps: plan.steps.filter((_, place) => places.includes(place)) };
}
