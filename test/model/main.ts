// node test/model/main.ts [--walks N] [--from S] [--kind NAME] [--record DIRECTORY]
//   N walks of each kind through docs/model/grants.pml, from seed S on, each played on the code; recorded when asked.
// node test/model/main.ts --counterexample FILE --definitions TEXT
//   What spin printed of a planted error: the code must not do the same.
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTable } from '../../controller/cli/table.ts';
import { toolOptions } from '../options.ts';
import { kinds } from './kinds.ts';
import { describeDifference, replay } from './replay.ts';
import { walk } from './spin.ts';
import { parseTrace } from './trace.ts';

const { values, whole, some } = toolOptions('node test/model/main.ts', {
  walks: { type: 'string', default: '25' },
  from: { type: 'string', default: String(randomInt(2 ** 30)) },
  kind: { type: 'string' },
  record: { type: 'string' },
  counterexample: { type: 'string' },
  definitions: { type: 'string', default: '' },
});
const wanted = some('kind', Object.keys(kinds));

const { counterexample, definitions } = values;
if (counterexample === undefined) await walkAll(whole('from', 0), whole('walks'));
else await playCounterexample(definitions, readFileSync(counterexample, 'utf8'));

async function walkAll(from: number, count: number): Promise<void> {
  const rows: string[][] = [];
  for (const [kind, chosen] of Object.entries(kinds)) {
    if (!wanted.includes(kind)) continue;
    let steps = 0;
    let differences = 0;
    for (let seed = from; seed < from + count; seed += 1) {
      const printed = walk(chosen, seed);
      const trace = parseTrace(chosen, printed);
      steps += trace.steps.length;
      if (values.record !== undefined) record(values.record, kind, seed, chosen, printed);
      const difference = await replay(trace);
      if (difference === undefined) continue;
      differences += 1;
      console.error(describeDifference(trace, difference));
      console.error(`again: node test/model/main.ts --kind '${kind}' --walks 1 --from ${seed}`);
    }
    rows.push([kind, String(count), String(steps), String(differences)]);
    if (differences > 0) process.exitCode = 1;
  }
  console.log(renderTable(['walks played on the code', 'walks', 'steps', 'differences'], rows));
}

function record(directory: string, kind: string, seed: number, chosen: string, printed: string): void {
  const lines = printed.split('\n').flatMap((line) => (/^\s*@.*\d$/.test(line) ? [line.trim()] : []));
  const path = join(directory, `${kind.replaceAll(/[ ,]+/g, '-')}-${seed}.txt`);
  writeFileSync(path, `# ${chosen}\n${lines.join('\n')}\n`);
}

async function playCounterexample(planted: string, printed: string): Promise<void> {
  const trace = parseTrace(planted, printed);
  const difference = await replay(trace);
  if (difference === undefined) {
    console.error('model: the code takes all the steps of a planted error');
    process.exitCode = 1;
  } else {
    console.log(`  the code parts from it at step ${difference.at} of ${trace.steps.length - 1}`);
  }
}
