import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./datagrams-end.ts', import.meta.url));

/** One end of UDP traffic: a process in a namespace that sends, and counts what it received. */
export class DatagramEnd {
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

  /** Sends `count` IP packets of `bytes` each, at about 20 Mbit/s. */
  async send(from: string, to: string, port: number, count: number, bytes: number): Promise<void> {
    const payload = bytes - (from.includes(':') ? 48 : 28);
    await this.#ask({ op: 'send', from, to, port, count, payload });
  }

  /** How many datagrams came from that address since the last question, once no more come: longer where some are missing. */
  async received(from: string, sent: number): Promise<number> {
    return (await this.#ask({ op: 'received', from, count: sent })) as number;
  }

  /** Forgets what came so far. */
  async forget(): Promise<void> {
    await this.#ask({ op: 'forget' });
  }

  async close(): Promise<void> {
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
