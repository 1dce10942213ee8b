import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { execa } from 'execa';
import { openInput } from '../../../controller/cli/input.ts';
import { createProgram, runProgram as runCli } from '../../../controller/cli/program.ts';

export interface Run {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs one of the programs as people do: a process of its own. */
export async function runProgram(
  file: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Run> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [file, ...argv], {
    env,
    input,
    reject: false,
  });
  return { code: exitCode, out: stdout, err: stderr };
}

/** The CLI within this process: the same but for its main.ts, and much faster. */
async function runHere(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Run> {
  let out = '';
  let err = '';
  const write = (text: string) => {
    out += text;
  };
  const program = createProgram({
    env,
    write,
    openInput: (path) => openInput(path, Readable.from([])),
    showProgress: undefined,
    drained: async () => undefined,
    readText: (path) => readFile(path, 'utf8'),
    untilInterrupted: () => new AbortController().signal,
  });
  const code = await runCli(program, argv, (line) => {
    err += line;
  });
  return { code, out: out.trimEnd(), err: err.trimEnd() };
}

/** The CLI on one controller. */
export class Turnpike {
  readonly #env: Record<string, string>;
  readonly #asProcess: boolean;

  constructor(socket: string, asProcess: boolean) {
    this.#env = { TURNPIKE_SOCKET: socket };
    this.#asProcess = asProcess;
  }

  run(...argv: string[]): Promise<Run> {
    return this.#asProcess ? runProgram('controller/cli/main.ts', argv, this.#env) : runHere(argv, this.#env);
  }

  /** What is printed for people. */
  async text(...argv: string[]): Promise<string> {
    const { code, out, err } = await this.run(...argv);
    if (code !== 0) throw new Error(`turnpike ${argv.join(' ')}: ${err}`);
    return out;
  }

  /** What the API answered. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field, as scripts do.
  async json(...argv: string[]): Promise<any> {
    return JSON.parse(await this.text('--json', ...argv));
  }

  /** One line on standard error, and a code that is not 0. */
  async refused(...argv: string[]): Promise<string> {
    const { code, out, err } = await this.run(...argv);
    if (code === 0 || out !== '' || err.includes('\n') || !err.startsWith('turnpike: ')) {
      throw new Error(`turnpike ${argv.join(' ')} was not refused in one line: ${code} ${out} ${err}`);
    }
    return err;
  }
}
