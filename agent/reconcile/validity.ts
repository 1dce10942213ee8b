import type { Clock } from '../../common/clock.ts';
import type { NodeSettings } from '../desired/state.ts';
import type { JournalState } from '../journal/state.ts';

const journalEveryMs = 60_000;
const leastStepMs = 5_000;

type Journalled = Pick<JournalState, 'validUntil' | 'refused'>;

/** `refused`: the controller was heard of, and wants nothing to pass here. */
export type Standing = 'valid' | 'over' | 'refused';

/**
 * For how long grants may still be used without the controller, and free seats. Runs on the clock that never jumps; the
 * controller's, as it is known here, is only for taking it over a restart.
 */
export class Validity {
  readonly #clock: Clock;
  readonly #time: Pick<Clock, 'now'>;
  #until: number;
  #refused: boolean;
  #journalled: Journalled;
  #validityMs = 0;
  #patienceMs = 0;
  /** Seats may have been given away since patience was over, and nobody has said so yet. */
  #outdated = false;

  /** As it was found; its time in milliseconds since 1970, as `time` tells it. */
  constructor(
    clock: Clock,
    time: Pick<Clock, 'now'>,
    { validUntil, refused, settings }: Journalled & Pick<JournalState, 'settings'>,
  ) {
    this.#clock = clock;
    this.#time = time;
    this.#journalled = { validUntil, refused };
    this.#refused = refused;
    this.#until = clock.monotonic() + (refused ? 0 : Math.max(0, validUntil - time.now()));
    if (settings) this.limit(settings);
  }

  /** A wall clock that went back while we were down must not make grants last longer. */
  limit({ validitySeconds, seatPatienceSeconds }: NodeSettings): void {
    this.#validityMs = validitySeconds * 1000;
    this.#patienceMs = seatPatienceSeconds * 1000;
    this.#until = Math.min(this.#until, this.#clock.monotonic() + this.#validityMs);
  }

  /** `upToDate`: and what it wants is in force. */
  heard(upToDate: boolean): void {
    if (upToDate) this.#outdated = false;
    else if (this.patienceMs() === 0) this.#outdated = true;
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

  /** For how long yet a device with a free seat may take it without asking. */
  patienceMs(): number {
    if (this.#outdated) return 0;
    const heardAt = this.#until - this.#validityMs;
    return Math.max(0, heardAt + this.#patienceMs - this.#clock.monotonic());
  }

  /** What the kernel is told: whole seconds, so that it ends no later than we do. */
  remainingSeconds(): number {
    return Math.max(1, Math.floor(this.remainingMs() / 1000));
  }

  /** What to journal: a refusal and its end at once, else when it has moved enough to be worth a write. */
  toJournal(): Journalled | undefined {
    const { validUntil, refused } = this.#journalled;
    const now = { validUntil: this.#time.now() + this.remainingMs(), refused: this.#refused };
    if (now.refused !== refused) return now;
    // A restart must not make it look as if the controller had been silent for long.
    const step = Math.min(journalEveryMs, this.#validityMs / 20, Math.max(this.#patienceMs / 4, leastStepMs));
    return !refused && Math.abs(now.validUntil - validUntil) >= step ? now : undefined;
  }

  wasJournalled(journalled: Journalled): void {
    this.#journalled = journalled;
  }
}
