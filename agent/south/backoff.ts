/** Waits between attempts: full jitter (any time from 0 up to the cap), so that a fleet does not return in step. */
const firstCapMs = 200;
const lastCapMs = 30_000;
/** While the controller was there a moment ago it is probably restarting: attempts stay close. */
const restartMs = 15_000;
const restartCapMs = 1_000;
/** A refused identity does not mend itself. */
const refusedMs = 60_000;

export class Backoff {
  readonly #random: () => number;
  #attempts = 0;
  #failingSince: number | undefined;

  /** `random` as Math.random. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Milliseconds to wait after a failure at `nowMs` of a clock that never jumps. */
  next(nowMs: number): number {
    this.#failingSince ??= nowMs;
    const restarting = nowMs - this.#failingSince < restartMs;
    const cap = Math.min(firstCapMs * 2 ** this.#attempts, restarting ? restartCapMs : lastCapMs);
    this.#attempts += 1;
    return this.#random() * cap;
  }

  /** After a refusal: about a minute. */
  refused(): number {
    return refusedMs * (0.75 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
    this.#failingSince = undefined;
  }
}
