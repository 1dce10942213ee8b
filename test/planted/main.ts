import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readArgument, refuse } from '../options.ts';
import { type Plant, plants } from './plants.ts';

/** Each bug is planted in a copy of the project; what should find it is run there, and must be red. */
const project = resolve(import.meta.dirname, '../..');
const usage = `Usage: npm run planted [-- WORDS]

Only the bugs in whose names the words are; all of them unless told:
${plants.map(({ name }) => `  ${name}`).join('\n')}
`;
const only = readArgument(usage);
const chosen = plants.filter(({ name }) => only === undefined || name.includes(only));
if (chosen.length === 0) refuse(`no bug has "${only}" in its name`, usage);
const mostMs = 240_000;

let missed = 0;
for (const plant of chosen) {
  const found = tryOut(plant);
  if (found === undefined) missed += 1;
  process.stdout.write(`${found === undefined ? 'NOT FOUND' : 'red'}  ${plant.name}\n`);
  if (found) process.stdout.write(`     ${found}\n`);
}
process.exitCode = missed === 0 ? 0 : 1;

/** What was said of it; undefined when nobody noticed. */
function tryOut(plant: Plant): string | undefined {
  const copy = mkdtempSync(join(tmpdir(), 'turnpike-planted-'));
  try {
    for (const room of [
      'agent',
      'common',
      'controller',
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
    return 'test' in plant.caughtBy ? runTest(copy, plant.caughtBy) : runWorlds(copy, plant.caughtBy.themes);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function runTest(
  copy: string,
  { test: file, project = 'unit' }: { readonly test: string; readonly project?: 'unit' | 'long' },
): string | undefined {
  const { status, stdout } = run(copy, ['node_modules/vitest/vitest.mjs', 'run', '--project', project, file]);
  if (status === 0) return undefined;
  const failed = /FAIL.*?> (.*)/.exec(stdout)?.[1];
  if (failed === undefined) throw new Error(`${file} could not be run:\n${stdout.slice(-2000)}`);
  return `${file}: ${failed}`;
}

function runWorlds(copy: string, themes: readonly string[]): string | undefined {
  const parameters = ['test/simulation/main.ts', '--seeds', '300', '--themes', themes.join(','), '--first'];
  const { status, stdout } = run(copy, parameters);
  if (status === 0) return undefined;
  const [line] = /^seed .*/m.exec(stdout) ?? [];
  if (line === undefined) throw new Error(`the simulation could not be run:\n${stdout.slice(-2000)}`);
  return line;
}

function run(copy: string, parameters: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, {
    cwd: copy,
    timeout: mostMs,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  return { status, stdout: `${stdout}${stderr}` };
}
