import { AskedProcess } from './asked-process.ts';

/** One end of UDP traffic: a process in a namespace that sends, and counts what it received. */
export class DatagramEnd {
  readonly #process: AskedProcess;

  constructor(namespace: string) {
    this.#process = new AskedProcess(namespace, new URL('./datagrams-end.ts', import.meta.url));
  }

  async listen(address: string, port: number): Promise<void> {
    await this.#process.ask({ op: 'listen', address, port });
  }

  /** Sends `count` IP packets of `bytes` each, at about 20 Mbit/s. */
  async send(from: string, to: string, port: number, count: number, bytes: number): Promise<void> {
    const payload = bytes - (from.includes(':') ? 48 : 28);
    await this.#process.ask({ op: 'send', from, to, port, count, payload });
  }

  /** How many datagrams came from that address since the last question, once no more come: longer where some are missing. */
  async received(from: string, sent: number): Promise<number> {
    return (await this.#process.ask({ op: 'received', from, count: sent })) as number;
  }

  /** Forgets what came so far. */
  async forget(): Promise<void> {
    await this.#process.ask({ op: 'forget' });
  }

  async close(): Promise<void> {
    await this.#process.end();
  }
}
