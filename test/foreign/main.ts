// npm run test:foreign -- [--only NAME] [--seconds N] [--examples N] [--seed S]
//   What others wrote, against the real controller and nodes. What is not installed is skipped by name:
//   schemathesis, and python3 with grpcio and grpcio-tools (PyPI; a virtualenv in PATH will do); boringtun-cli (crates.io).
import { renderTable } from '../../controller/cli/table.ts';
import { toolOptions } from '../options.ts';
import { boringtun } from './boringtun.ts';
import type { Foreign, Outcome } from './foreign.ts';
import { grpcio } from './grpcio.ts';
import { schemathesis } from './schemathesis.ts';

const { whole, some } = toolOptions('npm run test:foreign --', {
  only: { type: 'string' },
  seconds: { type: 'string', default: '120' },
  examples: { type: 'string', default: '30' },
  seed: { type: 'string', default: '1' },
});
const all: readonly Foreign[] = [
  schemathesis({
    examples: whole('examples'),
    seconds: whole('seconds'),
    seed: whole('seed', 0),
  }),
  grpcio,
  boringtun,
];

const wanted = some(
  'only',
  all.map(({ name }) => name),
);
const rows: string[][] = [];
for (const one of all) {
  if (!wanted.includes(one.name)) continue;
  const outcome = await tryOut(one);
  if (outcome.kind === 'red') process.exitCode = 1;
  rows.push([one.name, outcome.kind, outcome.said]);
}
console.log(`\n${renderTable(['foreign', 'outcome', ''], rows)}`);

async function tryOut(one: Foreign): Promise<Outcome> {
  const missing = one.missing();
  if (missing !== undefined) return { kind: 'skipped', said: `missing: ${missing}` };
  console.log(`${one.name}: ${one.holds}`);
  try {
    return await one.run();
  } catch (error) {
    console.error(error);
    return { kind: 'red', said: (error as Error).message.split('\n')[0] ?? '' };
  }
}
