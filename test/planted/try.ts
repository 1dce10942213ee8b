import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestGuard } from './plants.ts';

/** Whether that which was planted was noticed, and what was said. */
export interface Finding {
  readonly found: boolean;
  readonly saying: string;
}

const mostMs = 240_000;
const green: Finding = { found: false, saying: 'all is green' };

/** What vitest's reporter `json` writes, as far as it is read here. */
interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** A test that fails for another reason has found nothing. */
export async function runTest(
  copy: string,
  { test: file, project = 'unit', says }: TestGuard,
): Promise<Finding> {
  const results = join(copy, 'results.json');
  const { status, said } = await run(copy, [
    ...['node_modules/vitest/vitest.mjs', 'run', '--project', project, file],
    ...['--reporter=default', '--reporter=json', `--outputFile.json=${results}`],
  ]);
  if (status === 0) return green;
  const failed = existsSync(results) ? failuresIn(readFileSync(results, 'utf8')) : [];
  const meant = failed.find(({ messages }) => messages.some((message) => message.includes(says)));
  if (meant !== undefined) return { found: true, saying: `${file}: ${meant.title}` };
  return { found: false, saying: `${file} is red, but not with "${says}":\n${said.slice(-2000)}` };
}

function failuresIn(results: string) {
  return (JSON.parse(results) as Results).testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .map(({ title, failureMessages }) => ({ title, messages: failureMessages }));
}

/** The simulation names the first world in which a promise is broken. */
export async function runWorlds(copy: string, themes: readonly string[]): Promise<Finding> {
  const parameters = ['test/simulation/main.ts', '--seeds', '300', '--themes', themes.join(','), '--first'];
  const { status, said } = await run(copy, parameters);
  if (status === 0) return green;
  const [line] = /^seed .*/m.exec(said) ?? [];
  return line === undefined
    ? { found: false, saying: `the simulation could not be run:\n${said.slice(-2000)}` }
    : { found: true, saying: line };
}

/** Ended with all that it has started when it takes too long; its labs have janitors, which are waited for. */
async function run(copy: string, parameters: readonly string[]) {
  const child = spawn(process.execPath, parameters, {
    cwd: copy,
    // A process group of its own.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let late = '';
  const timer = setTimeout(() => {
    late = `ended, as it took longer than ${mostMs / 1000} s`;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  }, mostMs);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  clearTimeout(timer);
  return { status: status as number | null, said: `${stdout}${stderr}${late}` };
}
