import { eventually } from '../../lab/eventually.ts';
import type { Host } from '../../lab/host.ts';
import type { Program } from '../../lab/program.ts';
import type { Answer, Order, Seen, Ticket } from './protocol.ts';

const source = new URL('./fleet.ts', import.meta.url).pathname;

/** One of the fleets, seen from the bench. */
export class Fleet {
  readonly #program: Program;
  readonly #folder: string;
  #joined = false;
  #joins = 0;
  #seen: readonly Seen[] | undefined;

  constructor(host: Host, number: number) {
    this.#folder = host.file(`fleet-${number}`);
    this.#program = host.start('fleet', [process.execPath, source], { channel: true });
    this.#program.channel.on('message', (answer: Answer) => {
      if (answer.kind === 'joined') this.#joined = true;
      else this.#seen = answer.members;
    });
  }

  /** Those who were there before stay. */
  async join(tickets: readonly Ticket[]): Promise<void> {
    this.#joined = false;
    this.#joins += 1;
    this.#order({ kind: 'join', folder: `${this.#folder}-${this.#joins}`, tickets });
    await this.#until('the fleet has joined', () => this.#joined, 300_000);
  }

  use(deviceId: string, bytes: number): void {
    this.#order({ kind: 'use', deviceId, bytes });
  }

  async look(): Promise<readonly Seen[]> {
    this.#seen = undefined;
    this.#order({ kind: 'look' });
    return this.#until('the fleet answers', () => this.#seen, 60_000);
  }

  #order(order: Order): void {
    this.#program.channel.send(order);
  }

  #until<T>(what: string, look: () => T, within: number): Promise<NonNullable<T>> {
    const alive = () => {
      if (!this.#program.running) throw new Error('the fleet has ended');
      return look();
    };
    return eventually(what, alive, { within, every: 10 });
  }
}
