import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { execa, execaSync } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram, runProgram } from '../../../controller/cli/program.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-shells-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function turnpike(...argv: string[]): Promise<string> {
  let out = '';
  const terminal = {
    env: {},
    write: (text: string) => {
      out += text;
    },
    untilInterrupted: () => new AbortController().signal,
    drained: async () => undefined,
    openInput: async () => ({ bytes: Readable.from([]), size: 0 }),
    showProgress: undefined,
    readText: async () => '',
  };
  expect(await runProgram(createProgram(terminal), argv, () => undefined)).toBe(0);
  return out;
}

async function scriptOf(shell: string): Promise<string> {
  const path = join(directory, shell);
  await writeFile(path, await turnpike('completion', shell));
  return path;
}

const has = (program: string) =>
  execaSync(program, ['--version'], { reject: false, stdin: 'ignore' }).code !== 'ENOENT';
const missing = (program: string, is: boolean) => (is ? '' : ` (${program} is not here)`);

/** What each line becomes when TAB is pressed at its end, as the program gets it. */
const lines = [
  ['turnpike tar\t', 'tariff'],
  ['turnpike tariff ad\tm --seat-policy ev\t', 'tariff add m --seat-policy evict-oldest'],
  ['turnpike --socket tariff node mo\t', '--socket tariff node move'],
  ['turnpike enf\tobs\t', 'enforcement observe'],
  ['turnpike subscription top-up --reas\tx', 'subscription top-up --reason x'],
] as const;

describe('completion', () => {
  it('completes verbs, options and their values in a bash in which TAB is pressed', async () => {
    const path = await scriptOf('bash');
    const typed = [
      "bind 'set enable-bracketed-paste off'",
      // Not as it is typed, because that is echoed.
      `turnpike() { printf 'GO%s %s.\\n' T "$*"; }; source ${path}`,
      ...lines.map(([line]) => line),
      'exit',
    ];
    const terminal = execa('script', ['-qec', 'bash --norc --noprofile -i', '/dev/null'], {
      input: `${typed.join('\n')}\n`,
      env: { TERM: 'dumb' },
      timeout: 30_000,
    });
    const got = [...(await terminal).stdout.matchAll(/GOT (.*)\./g)].map(([, words]) => words);
    expect(got).toEqual(lines.map(([, words]) => words));
  });

  const zsh = has('zsh');
  it.skipIf(!zsh)(`is a script that zsh takes${missing('zsh', zsh)}`, async () => {
    const path = await scriptOf('zsh');
    const loaded = await execa('zsh', [
      '-fc',
      `autoload -U compinit; compinit -D -u; source ${path}; echo $_comps[turnpike]`,
    ]);
    expect(loaded.stdout).toBe('_turnpike');
  });

  const fish = has('fish');
  it.skipIf(!fish)(`completes in fish${missing('fish', fish)}`, async () => {
    const path = await scriptOf('fish');
    for (const [line, expected] of [
      ['turnpike tar', 'tariff'],
      ['turnpike tariff add m --seat-policy ev', 'evict-oldest'],
      ['turnpike --socket tariff node mo', 'move'],
    ] as const) {
      const { stdout } = await execa('fish', ['-Nc', `source ${path}; complete -C '${line}'`]);
      expect(stdout.split('\n').map((one) => one.split('\t')[0])).toEqual([expected]);
    }
  });
});

describe('the manual', () => {
  it('has a page for each family of verbs, with every verb and option', async () => {
    const pages = join(directory, 'man1');
    await turnpike('man', pages);
    const names = await readdir(pages);
    expect(names).toEqual(expect.arrayContaining(['turnpike.1', 'turnpike-api-key.1', 'turnpike-tariff.1']));
  });

  const mandoc = has('mandoc');
  it.skipIf(!mandoc)(`is what mandoc finds nothing wrong with${missing('mandoc', mandoc)}`, async () => {
    const pages = join(directory, 'man1');
    await turnpike('man', pages);
    const paths = (await readdir(pages)).map((name) => join(pages, name));
    const { stdout } = await execa('mandoc', ['-T', 'lint', '-W', 'warning', ...paths], { reject: false });
    // They are made anew at any time, so they have no date.
    expect(stdout.split('\n').filter((line) => !line.includes('missing date'))).toEqual([]);
  });
});

it('what is piped into somebody who has enough ends without a word', () => {
  const program = fileURLToPath(new URL('../../../controller/cli/main.ts', import.meta.url));
  const script = '"$0" "$1" completion bash | true; exit $PIPESTATUS';
  const { exitCode, stderr } = execaSync('bash', ['-c', script, process.execPath, program], {
    reject: false,
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 141, stderr: '' });
});
