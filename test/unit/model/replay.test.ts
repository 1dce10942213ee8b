import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeDifference, replay } from '../../model/replay.ts';
import { parseTrace } from '../../model/trace.ts';

/** Walks through docs/model/grants.pml, recorded by test/model/main.ts --record. */
const directory = join(import.meta.dirname, 'walks');

test('the code goes the model’s way: books, journal and kernel are the same after each step of recorded walks', async () => {
  const names = readdirSync(directory);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const recorded = readFileSync(join(directory, name), 'utf8');
    const trace = parseTrace(recorded.slice(0, recorded.indexOf('\n')), recorded);
    const difference = await replay(trace);
    if (difference) expect.fail(`${name}: ${describeDifference(trace, difference)}`);
  }
});

test('another figure in a walk is found', async () => {
  const [name = ''] = readdirSync(directory);
  const recorded = readFileSync(join(directory, name), 'utf8');
  const { steps, ...size } = parseTrace(recorded.slice(0, recorded.indexOf('\n')), recorded);
  const changed = steps.map((step, at) =>
    at < steps.length - 1 ? step : { ...step, figures: { ...step.figures, unclaimed: -1 } },
  );
  expect(await replay({ ...size, steps: changed })).toMatchObject({ at: steps.length - 1 });
});
