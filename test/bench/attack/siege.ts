import type { EventEmitter } from 'node:events';
import { systemClock } from '../../../common/clock.ts';
import { aborted } from '../../../common/task.ts';

/** What has an end: sockets, sessions, streams. */
export interface Closable extends EventEmitter {
  destroy(): void;
}

/** One attack under way: what it holds open, how often it did what; at its end all is closed. */
export class Siege {
  readonly did: Record<string, number> = {};
  readonly #over = new AbortController();
  readonly #held = new Set<Closable>();
  readonly #loops: Promise<void>[] = [];

  get over(): AbortSignal {
    return this.#over.signal;
  }

  count(what: string, times = 1): void {
    this.did[what] = (this.did[what] ?? 0) + times;
  }

  /** Closed with the siege. Errors are what attackers must expect. */
  hold<One extends Closable>(one: One): One {
    one.on('error', () => undefined);
    if (this.over.aborted) one.destroy();
    this.#held.add(one);
    one.once('close', () => this.#held.delete(one));
    return one;
  }

  /** Again and again, one after the other. */
  repeat(action: () => Promise<unknown>, pauseMs = 0): void {
    const loop = async () => {
      while (!this.over.aborted) {
        await Promise.race([action(), aborted(this.over)]);
        await systemClock.sleep(pauseMs, this.over);
      }
    };
    this.#loops.push(loop());
  }

  /** So many open at a time; for each that the controller ends another one comes, as many a second at most. */
  keepOpen(together: number, perSecond: number, open: (number: number) => Closable): void {
    let number = 0;
    let now = 0;
    const perLook = Math.max(1, Math.round(perSecond / 20));
    this.repeat(async () => {
      for (let n = 0; n < perLook && now < together; n += 1) {
        this.count('connections');
        now += 1;
        this.hold(open(number++)).once('close', () => {
          now -= 1;
          if (!this.over.aborted) this.count('ended by the controller');
        });
      }
    }, 50);
  }

  async end(): Promise<void> {
    this.#over.abort();
    for (const one of this.#held) one.destroy();
    await Promise.all(this.#loops);
  }
}
