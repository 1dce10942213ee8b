import type { Clock } from '../../common/clock.ts';

const journalEveryMs = 60_000;

/**
 * For how long grants may still be used without the controller. Runs on the clock that never jumps; the wall clock is
 * only for taking it over a restart.
 */
export class Validity {
  readonly #clock: Clock;
  #until: number;
  #journalled: number;
  #validityMs = 0;

  /** `journalled` as it was found: milliseconds since 1970. */
  constructor(clock: Clock, journalled: number) {
    this.#clock = clock;
    this.#journalled = journalled;
    this.#until = clock.monotonic() + Math.max(0, journalled - clock.now());
  }

  /** A wall clock that went back while we were down must not make grants last longer. */
  limit(validitySeconds: number): void {
    this.#validityMs = validitySeconds * 1000;
    this.#until = Math.min(this.#until, this.#clock.monotonic() + this.#validityMs);
  }

  heard(): void {
    this.#until = this.#clock.monotonic() + this.#validityMs;
  }

  remainingMs(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /** What the kernel is told: whole seconds, so that it ends no later than we do. */
  remainingSeconds(): number {
    return Math.max(1, Math.floor(this.remainingMs() / 1000));
  }

  /** What to journal, when it has moved enough to be worth a write; milliseconds since 1970. */
  toJournal(): number | undefined {
    const until = this.#clock.now() + this.remainingMs();
    const step = Math.min(journalEveryMs, this.#validityMs / 20);
    return until - this.#journalled >= step ? until : undefined;
  }

  wasJournalled(until: number): void {
    this.#journalled = until;
  }
}
