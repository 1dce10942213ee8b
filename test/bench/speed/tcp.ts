import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./tcp-end.ts', import.meta.url));

export type Direction = 'up' | 'down';

/** One end of TCP traffic: a process in a namespace. */
export class TcpEnd {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((answer: unknown) => void)[] = [];

  constructor(namespace: string) {
    this.#child = spawn('ip', ['netns', 'exec', namespace, process.execPath, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    createInterface(this.#child.stdout).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line)));
  }

  async listen(address: string, port: number): Promise<void> {
    await this.#ask({ op: 'listen', address, port });
  }

  /** Opens so many connections, over which one end sends all it can. */
  async open(address: string, port: number, streams: number, direction: Direction): Promise<void> {
    await this.#ask({ op: 'open', address, port, streams, direction });
  }

  /** Payload that came in here so far. */
  async received(): Promise<number> {
    return (await this.#ask({ op: 'received' })) as number;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#ask({ op: 'close' });
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await gone;
  }

  #ask(question: object): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#waiting.push(resolve);
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    return promise;
  }
}
