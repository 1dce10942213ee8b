import { fileURLToPath } from 'node:url';
import { run, tryRun } from './run.ts';

const source = fileURLToPath(new URL('../../controller/cli/main.ts', import.meta.url));

/** The operator at the controller's machine: the product's own CLI on the unix socket. */
export class Cli {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  /** Runs a verb with --json and gives what it printed. */
  async json<T>(...words: readonly string[]): Promise<T> {
    return JSON.parse(await run(this.#argv(['--json', ...words]))) as T;
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

  #argv(words: readonly string[]): string[] {
    return [process.execPath, source, '--socket', this.#socket, ...words];
  }
}
