import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import type { Host } from '../host.ts';
import type { Program } from '../program.ts';
import type { Answer, FlowFigures, Order } from './protocol.ts';

const source = fileURLToPath(new URL('./endpoint.ts', import.meta.url));

/** A traffic program in a host, seen from the lab. */
export class TrafficEnd {
  readonly #program: Program;
  readonly #waiting = new Map<number, (flows: readonly FlowFigures[]) => void>();
  #request = 0;
  #serving = false;

  private constructor(program: Program) {
    this.#program = program;
    program.channel.on('message', (answer: Answer) => {
      if (answer.kind === 'serving') {
        this.#serving = true;
        return;
      }
      this.#waiting.get(answer.request)?.(answer.flows);
      this.#waiting.delete(answer.request);
    });
  }

  /** With a port: the server for all flows. Without: a client. */
  static async start(host: Host, port?: number): Promise<TrafficEnd> {
    const argv = [process.execPath, source, ...(port === undefined ? [] : [String(port)])];
    const program = host.start('traffic', argv, { channel: true, urgent: true });
    const end = new TrafficEnd(program);
    await eventually(`traffic program in ${host.name}`, () => end.#serving || !program.running, {
      within: 10_000,
      every: 5,
    });
    if (!end.#serving) throw new Error(`the traffic program ended early:\n${program.log()}`);
    return end;
  }

  order(order: Order): void {
    this.#program.channel.send(order);
  }

  async snapshot(): Promise<readonly FlowFigures[]> {
    const request = ++this.#request;
    const { promise, resolve } = Promise.withResolvers<readonly FlowFigures[]>();
    this.#waiting.set(request, resolve);
    this.order({ kind: 'snapshot', request });
    return promise;
  }
}
