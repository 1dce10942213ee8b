import { once } from 'node:events';
import type { Host } from '../../lab/host.ts';
import type { Program } from '../../lab/program.ts';
import type { Answers, Door, Testimony, WitnessOrder } from './protocol.ts';

const source = new URL('./witness.ts', import.meta.url).pathname;

/** Whoever asks at the controller's doors, seen from the bench. */
export class Witness {
  readonly #program: Program;

  constructor(host: Host, doors: readonly Door[]) {
    this.#program = host.start('witness', [process.execPath, source], { channel: true });
    this.#order({ kind: 'watch', doors });
  }

  /** What was answered since it was asked last, by door. */
  async tell(): Promise<Readonly<Record<string, Answers>>> {
    const told = once(this.#program.channel, 'message');
    this.#order({ kind: 'tell' });
    const [{ answers }] = (await told) as [Testimony];
    return answers;
  }

  #order(order: WitnessOrder): void {
    this.#program.channel.send(order);
  }
}
