import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ownFolder } from '../lab/own.ts';
import { readArgument, refuse } from '../options.ts';
import { type Plant, plants } from './plants.ts';
import { type Finding, runTest, runWorlds } from './try.ts';

/** Each bug is planted in a copy of the project; what should find it is run there, and must be red. */
const project = resolve(import.meta.dirname, '../..');
const usage = `Usage: npm run planted [-- WORDS]

Only the bugs in whose names the words are; all of them unless told:
${plants.map(({ name }) => `  ${name}`).join('\n')}
`;
const only = readArgument(usage);
const chosen = plants.filter(({ name }) => only === undefined || name.includes(only));
if (chosen.length === 0) refuse(`no bug has "${only}" in its name`, usage);

let missed = 0;
for (const plant of chosen) {
  const { found, saying } = await tryOut(plant);
  if (!found) missed += 1;
  process.stdout.write(`${found ? 'red' : 'NOT FOUND'}  ${plant.name}\n     ${saying}\n`);
}
process.exitCode = missed === 0 ? 0 : 1;

async function tryOut(plant: Plant): Promise<Finding> {
  const copy = ownFolder(tmpdir(), 'copy');
  try {
    for (const room of [
      'agent',
      'common',
      'controller',
      'scripts',
      'test',
      'package.json',
      'vitest.config.ts',
      'tsconfig.json',
    ]) {
      cpSync(join(project, room), join(copy, room), { recursive: true });
    }
    symlinkSync(join(project, 'node_modules'), join(copy, 'node_modules'));
    const path = join(copy, plant.file);
    const source = readFileSync(path, 'utf8');
    if (source.split(plant.from).length !== 2)
      throw new Error(`${plant.file} is not what "${plant.name}" changes`);
    writeFileSync(
      path,
      source.replace(plant.from, () => plant.to),
    );
    return await ('test' in plant.caughtBy
      ? runTest(copy, plant.caughtBy)
      : runWorlds(copy, plant.caughtBy.themes));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
