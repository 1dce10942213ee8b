import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openInput } from '../../controller/cli/input.ts';
import { createProgram, runProgram } from '../../controller/cli/program.ts';
import { run, tryRun } from './run.ts';

const source = fileURLToPath(new URL('../../controller/cli/main.ts', import.meta.url));

/** The operator at the controller's machine: the product's own CLI on the unix socket. */
export class Cli {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /**
   * Runs a verb with --json and gives what it printed. In this process: stories ask often, and to start a program each
   * time takes from the machine what their traffic needs.
   */
  async json<T>(...words: readonly string[]): Promise<T> {
    let [said, wrong] = ['', ''];
    const program = createProgram({
      env: {},
      write: (text) => {
        said += text;
      },
      untilInterrupted: () => new AbortController().signal,
      openInput: (path) => openInput(path, Readable.from([])),
      showProgress: undefined,
      drained: async () => undefined,
      readText: (path) => readFile(path, 'utf8'),
    });
    const exitCode = await runProgram(program, this.#words(['--json', ...words]), (line) => {
      wrong += line;
    });
    if (exitCode !== 0) throw new Error(`turnpike ${words.join(' ')}: exit code ${exitCode}\n${wrong}`);
    return JSON.parse(said) as T;
  }

  /** What a person would see. */
  text(...words: readonly string[]): Promise<string> {
    return run(this.#argv(words));
  }

  /** For verbs that must fail: exit code and what was said. */
  async failure(...words: readonly string[]): Promise<{ exitCode: number | undefined; stderr: string }> {
    const result = await tryRun(this.#argv(words));
    if (result.exitCode === 0) throw new Error(`${words.join(' ')} was expected to fail:\n${result.stdout}`);
    return result;
  }

  #words(words: readonly string[]): string[] {
    return ['--socket', this.#socket, ...words];
  }

  #argv(words: readonly string[]): string[] {
    return [process.execPath, source, ...this.#words(words)];
  }
}
