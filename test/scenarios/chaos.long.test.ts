import { expect, test } from 'vitest';
import { drawRound } from '../chaos/draw.ts';
import type { FaultName } from '../chaos/faults.ts';
import { runRounds } from '../chaos/run.ts';

/** Of those that `npm run chaos` draws from, one of each kind. */
const struck: readonly FaultName[] = [
  'agent: SIGSTOP, kill -9, started again',
  'controller and all agents: kill -9, started again',
  'node cut off one way',
  'ruleset flushed',
  'interface deleted (ip link del)',
];

test('five faults in the middle of traffic, one after the other: nothing lost, nothing doubled, nobody in', async () => {
  const plans = struck.map((fault, index) => drawRound(1, index + 1, [fault]));
  const outcomes = await runRounds(plans, ({ outcome, logs }) => {
    if (logs !== undefined) console.error(outcome, logs);
  });
  expect(outcomes.map(({ fault, broken }) => ({ fault, broken }))).toEqual(
    struck.map((fault) => ({ fault, broken: [] })),
  );
}, 240_000);
