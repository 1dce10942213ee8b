import { AskedProcess } from '../../node/asked-process.ts';

export type Direction = 'up' | 'down';

/** One end of TCP traffic: a process in a namespace. */
export class TcpEnd {
  readonly #process: AskedProcess;

  constructor(namespace: string) {
    this.#process = new AskedProcess(namespace, new URL('./tcp-end.ts', import.meta.url));
  }

  async listen(address: string, port: number): Promise<void> {
    await this.#process.ask({ op: 'listen', address, port });
  }

  /** Opens so many connections, over which one end sends all it can. */
  async open(address: string, port: number, streams: number, direction: Direction): Promise<void> {
    await this.#process.ask({ op: 'open', address, port, streams, direction });
  }

  /** Payload that came in here so far. */
  async received(): Promise<number> {
    return (await this.#process.ask({ op: 'received' })) as number;
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    await this.#process.ask({ op: 'close' });
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}
