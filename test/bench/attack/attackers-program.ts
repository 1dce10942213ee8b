import { eventually } from '../../lab/eventually.ts';
import type { Host } from '../../lab/host.ts';
import type { Program } from '../../lab/program.ts';
import type { Ticket } from '../crew/protocol.ts';
import type { Answer, Field, Order } from './protocol.ts';

const source = new URL('./attackers.ts', import.meta.url).pathname;

/** The attackers, seen from the bench. */
export class Attackers {
  readonly #program: Program;
  readonly #folder: string;
  #answer: Answer | undefined;

  constructor(host: Host) {
    this.#folder = host.file('attackers');
    this.#program = host.start('attackers', [process.execPath, source], { channel: true });
    this.#program.channel.on('message', (answer: Answer) => {
      this.#answer = answer;
    });
  }

  async join(tickets: readonly Ticket[]): Promise<void> {
    await this.#ask({ kind: 'join', folder: this.#folder, tickets }, 300_000);
  }

  begin(attack: string, field: Field): void {
    this.#program.channel.send({ kind: 'begin', attack, field } satisfies Order);
  }

  /** How often they did what, once all that they had open is closed. */
  async end(): Promise<Readonly<Record<string, number>>> {
    const answer = await this.#ask({ kind: 'end' }, 30_000);
    return answer.kind === 'ended' ? answer.did : {};
  }

  #ask(order: Order, within: number): Promise<Answer> {
    this.#answer = undefined;
    this.#program.channel.send(order);
    const look = () => {
      if (!this.#program.running) throw new Error('the attackers have ended');
      return this.#answer;
    };
    return eventually(`the attackers answer "${order.kind}"`, look, { within, every: 10 });
  }
}
