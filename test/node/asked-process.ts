import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * A process in a namespace that answers one question after the other: a line of JSON for a line of JSON. What it owes when it
 * is gone is refused.
 */
export class AskedProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: PromiseWithResolvers<unknown>[] = [];
  readonly #program: URL;
  readonly #gone: Promise<void>;
  #isGone = false;

  constructor(namespace: string, program: URL) {
    this.#program = program;
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, fileURLToPath(program)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface(this.#child.stdout).on('line', (line) =>
      this.#waiting.shift()?.resolve(JSON.parse(line)),
    );
    this.#gone = once(this.#child, 'exit').then(() => {
      this.#isGone = true;
      for (const { reject } of this.#waiting.splice(0)) reject(gone(program));
    });
    // A question to a process that has just ended: the end says so.
    this.#child.stdin.on('error', () => undefined);
  }

  ask(question: object): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    if (this.#isGone) return Promise.reject(gone(this.#program));
    this.#waiting.push(waiting);
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return waiting.promise;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#gone;
  }
}

function gone(program: URL): Error {
  return new Error(`${program.pathname} has ended`);
}
