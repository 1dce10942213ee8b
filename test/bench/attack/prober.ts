import { once } from 'node:events';
import { type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../../common/clock.ts';
import { machineMilliseconds } from '../../lab/traffic/protocol.ts';
import { percentile } from '../edge/figures.ts';
import type { Answers } from './protocol.ts';

const everyMs = 100;
/** Longer than any operator would wait. */
const timeoutMs = 20_000;

/** Somebody who asks the controller for something again and again, and wants an answer. */
export class Prober {
  readonly name: string;
  readonly #options: RequestOptions;
  #times: number[] = [];
  #unanswered = 0;

  constructor(name: string, options: RequestOptions) {
    this.name = name;
    this.#options = options;
    void this.#run();
  }

  /** Since it was asked for last. */
  take(): Answers {
    const times = this.#times;
    const unanswered = this.#unanswered;
    this.#times = [];
    this.#unanswered = 0;
    const asked = times.length + unanswered;
    return { asked, unanswered, p50: percentile(times, 0.5), most: percentile(times, 1) };
  }

  async #run(): Promise<void> {
    for (;;) {
      const from = machineMilliseconds();
      try {
        await ask(this.#options);
        this.#times.push(machineMilliseconds() - from);
      } catch {
        this.#unanswered += 1;
      }
      await systemClock.sleep(everyMs);
    }
  }
}

/** Over a connection of its own: that it comes about is part of it. */
async function ask(options: RequestOptions): Promise<void> {
  const call = request({ ...options, agent: false, signal: AbortSignal.timeout(timeoutMs) }).end();
  const [answer] = await once(call, 'response');
  await text(answer);
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
}
