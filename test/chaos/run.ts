import type { RoundPlan } from './draw.ts';
import { type FaultName, faults } from './faults.ts';
import { brokenPromises } from './figures.ts';
import { runRound } from './round.ts';
import { buildStage, type Stage } from './stage.ts';
import { type Outcome, outcomeOf } from './table.ts';

export interface Told {
  readonly outcome: Outcome;
  /** The ends of all programs' logs, when something broke. */
  readonly logs: string | undefined;
}

/** One round after the other on one stage; after a round that broke something the next one gets a stage of its own. */
export async function runRounds(
  plans: readonly RoundPlan<FaultName>[],
  tell: (told: Told) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let stage: Stage | undefined;
  try {
    for (const plan of plans) {
      stage ??= await buildStage();
      const outcome = await play(stage, plan);
      outcomes.push(outcome);
      const broke = outcome.broken.length > 0;
      tell({ outcome, logs: broke ? stage.lab.logs() : undefined });
      if (!broke) continue;
      await stage.lab[Symbol.asyncDispose]();
      stage = undefined;
    }
  } finally {
    await stage?.lab[Symbol.asyncDispose]();
  }
  return outcomes;
}

async function play(stage: Stage, plan: RoundPlan<FaultName>): Promise<Outcome> {
  try {
    const figures = await runRound(stage, plan);
    return outcomeOf(plan.number, plan.fault, figures, brokenPromises(figures, faults[plan.fault]));
  } catch (error) {
    const unknown = { billedMinusAccepted: 0, writtenOff: 0, overshoot: 0, stranded: 0, stopped: 0 };
    const broken = [`the round broke off: ${error instanceof Error ? error.message : error}`];
    return { number: plan.number, fault: plan.fault, ...unknown, recoveryMs: 0, bookedMs: 0, broken };
  }
}
