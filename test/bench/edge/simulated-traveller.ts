import { eventually } from '../../lab/eventually.ts';
import type { Host } from '../../lab/host.ts';
import type { Program } from '../../lab/program.ts';
import type { Answer, CarriedDevice, Order } from './protocol.ts';
import type { Arrival, Traveller } from './visit.ts';

const source = new URL('./simulated-nodes.ts', import.meta.url).pathname;

/** The simulated nodes, in a program of their own in the controller's host. */
export class SimulatedNodes {
  readonly #program: Program;
  readonly #answers = new Map<number, Answer>();
  #joined = false;
  #request = 0;

  constructor(host: Host) {
    this.#program = host.start('simulated', [process.execPath, source], { channel: true });
    this.#program.channel.on('message', (answer: Answer) => {
      if (answer.kind === 'joined') this.#joined = true;
      else this.#answers.set(answer.request, answer);
    });
  }

  /** One node for each join command's words. */
  async join(folder: string, joinWords: readonly (readonly string[])[]): Promise<void> {
    this.#order({ kind: 'join', folder, joinWords });
    await this.#until('the simulated nodes have joined', () => this.#joined, 240_000);
  }

  async arrive(node: number, device: CarriedDevice): Promise<Arrival> {
    const request = ++this.#request;
    this.#order({ kind: 'arrive', request, node, device });
    const answer = await this.#answer(request);
    if (answer.kind !== 'arrived') throw new Error(`a strange answer: ${answer.kind}`);
    return answer.arrival;
  }

  /** Bytes that passed so far. */
  async leave(): Promise<bigint> {
    const request = ++this.#request;
    this.#order({ kind: 'leave', request });
    const answer = await this.#answer(request);
    if (answer.kind !== 'left') throw new Error(`a strange answer: ${answer.kind}`);
    return BigInt(answer.carried);
  }

  #order(order: Order): void {
    this.#program.channel.send(order);
  }

  async #answer(request: number): Promise<Answer> {
    const answer = await this.#until(`answer ${request}`, () => this.#answers.get(request), 30_000);
    this.#answers.delete(request);
    return answer;
  }

  #until<T>(what: string, look: () => T, within: number): Promise<NonNullable<T>> {
    return eventually(
      what,
      () => {
        if (!this.#program.running) throw new Error('the simulated nodes have ended');
        return look();
      },
      { within, every: 20 },
    );
  }
}

/** A device that travels between simulated nodes. There is one: they carry no more at a time. */
export function simulatedTraveller(nodes: SimulatedNodes, count: number, device: CarriedDevice): Traveller {
  let carried = 0n;
  return {
    name: 'simulated',
    nodes: count,
    arrive: (node) => nodes.arrive(node, device),
    leave: async () => {
      carried = await nodes.leave();
    },
    carried: async () => carried,
  };
}
