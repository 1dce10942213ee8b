import { expect, it } from 'vitest';
import { runTarget } from '../../fuzz/run.ts';
import { targets } from '../../fuzz/targets.ts';

// A short slice, always the same; "npm run fuzz" goes on from there.
const seed = 20_261_125;
const runs: Readonly<Record<string, number>> = {
  'from-controller': 15,
  'from-node': 15,
  api: 15,
  journal: 15,
  'journal-bytes': 20,
  'node-bytes': 20,
  enrolment: 15,
};

it.each(targets.map((target) => [target.name, target] as const))(
  'nothing that was not foreseen comes of hostile input: %s',
  async (name, target) => {
    const { finding } = await runTarget(target, { seed, runs: runs[name] ?? 200, seconds: 60 });
    expect(finding).toBeUndefined();
  },
);
