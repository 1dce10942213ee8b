import type { Clock, Timer } from '../../../common/clock.ts';

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #ms = 1_000_000;
  #wall = 1_800_000_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>();

  now(): number {
    return this.#wall + this.#ms;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#wall += ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        timer.cancel();
        resolve();
      });
    });
  }

  after(ms: number, action: () => void): Timer {
    const timer = { at: this.#ms + ms, action };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    this.#ms += ms;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#ms) continue;
      this.#timers.delete(timer);
      timer.action();
    }
  }
}
