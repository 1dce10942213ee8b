import type { Clock } from '../../common/clock.ts';

/** What a process does after its death: nothing. Its promises are never settled, its timers never ring. */
export class Death extends Error {}

/** One life of a process, from its start to its crash. */
export class Life {
  #alive = true;
  readonly #onEnd: (() => void)[] = [];

  get alive(): boolean {
    return this.#alive;
  }

  /** The process is gone, between one instruction and the next. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const action of this.#onEnd) action();
  }

  onEnd(action: () => void): void {
    this.#onEnd.push(action);
  }

  /**
   * What the process uses of the world. Once it is dead nothing of it reaches the world, whatever of its code is still
   * on its way: calls that give promises never come back, others fail.
   */
  guard<Thing extends object>(thing: Thing): Thing {
    return new Proxy(thing, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...parameters: unknown[]) => {
          if (!this.#alive) throw new Death();
          const result: unknown = Reflect.apply(value, target, parameters);
          return result instanceof Promise ? this.#hold(result) : result;
        };
      },
    });
  }

  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: (ms, signal) => this.#hold(clock.sleep(ms, signal)),
      after: (ms, action) =>
        clock.after(ms, () => {
          if (this.#alive) action();
        }),
    };
  }

  #hold<Value>(promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => {
          if (this.#alive) resolve(value);
        },
        (error: unknown) => {
          if (this.#alive) reject(error);
        },
      );
    });
  }
}
