import type { Clock } from '../../common/clock.ts';
import type { JournalState } from '../journal/state.ts';

const journalEveryMs = 60_000;

type Journalled = Pick<JournalState, 'validUntil' | 'refused'>;

/** `refused`: the controller was heard of, and wants nothing to pass here. */
export type Standing = 'valid' | 'over' | 'refused';

/**
 * For how long grants may still be used without the controller. Runs on the clock that never jumps; the wall clock is
 * only for taking it over a restart.
 */
export class Validity {
  readonly #clock: Clock;
  #until: number;
  #refused: boolean;
  #journalled: Journalled;
  #validityMs = 0;

  /** `journalled` as it was found; its time in milliseconds since 1970. */
  constructor(clock: Clock, { validUntil, refused }: Journalled) {
    this.#clock = clock;
    this.#journalled = { validUntil, refused };
    this.#refused = refused;
    this.#until = clock.monotonic() + (refused ? 0 : Math.max(0, validUntil - clock.now()));
  }

  /** A wall clock that went back while we were down must not make grants last longer. */
  limit(validitySeconds: number): void {
    this.#validityMs = validitySeconds * 1000;
    this.#until = Math.min(this.#until, this.#clock.monotonic() + this.#validityMs);
  }

  heard(): void {
    this.#until = this.#clock.monotonic() + this.#validityMs;
    this.#refused = false;
  }

  /** Ends it now; only what is heard later begins it again. */
  refuse(): void {
    this.#until = this.#clock.monotonic();
    this.#refused = true;
  }

  get standing(): Standing {
    if (this.#refused) return 'refused';
    return this.remainingMs() > 0 ? 'valid' : 'over';
  }

  remainingMs(): number {
    return Math.max(0, this.#until - this.#clock.monotonic());
  }

  /** What the kernel is told: whole seconds, so that it ends no later than we do. */
  remainingSeconds(): number {
    return Math.max(1, Math.floor(this.remainingMs() / 1000));
  }

  /** What to journal: a refusal and its end at once, else when it has moved enough to be worth a write. */
  toJournal(): Journalled | undefined {
    const { validUntil, refused } = this.#journalled;
    const now = { validUntil: this.#clock.now() + this.remainingMs(), refused: this.#refused };
    if (now.refused !== refused) return now;
    const step = Math.min(journalEveryMs, this.#validityMs / 20);
    return !refused && now.validUntil - validUntil >= step ? now : undefined;
  }

  wasJournalled(journalled: Journalled): void {
    this.#journalled = journalled;
  }
}
