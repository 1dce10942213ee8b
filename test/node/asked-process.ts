import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** A process in a namespace that answers one question after the other: a line of JSON for a line of JSON. */
export class AskedProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((answer: unknown) => void)[] = [];

  constructor(namespace: string, program: URL) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, fileURLToPath(program)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface(this.#child.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
  }

  ask(question: object): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.push(resolve);
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return promise;
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await gone;
  }
}
