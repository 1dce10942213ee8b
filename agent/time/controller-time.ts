import type { Clock } from '../../common/clock.ts';

/** Ties the controller's clock to this machine's monotonic one, for one boot. */
export interface TimeTie {
  readonly bootId: string;
  /** The controller's time less ours, in milliseconds: what to add to a monotonic time. */
  readonly offsetMs: number;
  /** The controller's time when this was written, milliseconds since 1970. */
  readonly at: number;
}

/** At ten seconds between heartbeats: the last two minutes. */
const samplesKept = 12;
/** A tie that moved by less is not worth a write, and nothing that waits for a moment need look again. */
const worthMs = 100;
/** However still the tie is, so often is written what time it was: after a reboot it is not earlier. */
const journalEveryMs = 60_000;

/**
 * The controller's clock as this node knows it. Heartbeats say the time; they arrive late by as long as they were under
 * way, so that of the last ones the one that was fastest is right. Between them, and without the controller, it runs on
 * by the monotonic clock: steps of the wall clock move nothing, also over restarts of the agent. After a reboot the wall
 * clock has to do until the controller is heard; it is believed as far as it is not behind what was known before.
 */
export class ControllerTime {
  readonly #clock: Clock;
  readonly #bootId: string;
  #offsetMs: number;
  #samples: number[] = [];
  #journalled: TimeTie | undefined;
  #heard = false;
  /** What those who wait for a moment go by. */
  #toldMs: number;

  constructor(clock: Clock, bootId: string, journalled: TimeTie | undefined) {
    this.#clock = clock;
    this.#bootId = bootId;
    this.#journalled = journalled;
    this.#offsetMs =
      journalled?.bootId === bootId
        ? journalled.offsetMs
        : Math.max(clock.now(), journalled?.at ?? 0) - clock.monotonic();
    this.#toldMs = this.#offsetMs;
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#clock.monotonic() + this.#offsetMs;
  }

  /** How far this machine's wall clock is ahead of the controller's, in milliseconds; undefined until it was heard. */
  aheadMs(): number | undefined {
    return this.#heard ? Math.round(this.#clock.now() - this.now()) : undefined;
  }

  /** The controller, or another one, was reached anew: what the last one said of the time counts no more. */
  begin(): void {
    this.#samples = [];
  }

  /** A heartbeat came. True when the time is noticeably another one than was thought. */
  heard(timeMs: number): boolean {
    this.#samples = [...this.#samples, timeMs - this.#clock.monotonic()].slice(-samplesKept);
    this.#offsetMs = Math.max(...this.#samples);
    this.#heard = true;
    if (Math.abs(this.#offsetMs - this.#toldMs) < worthMs) return false;
    this.#toldMs = this.#offsetMs;
    return true;
  }

  /** A moment of the controller's on our monotonic clock. */
  toMonotonic(controllerMs: number): number {
    return controllerMs - this.#offsetMs;
  }

  toJournal(): TimeTie | undefined {
    if (!this.#heard) return undefined;
    const tie = { bootId: this.#bootId, offsetMs: this.#offsetMs, at: Math.floor(this.now()) };
    const before = this.#journalled;
    const still =
      before?.bootId === tie.bootId &&
      Math.abs(before.offsetMs - tie.offsetMs) < worthMs &&
      Math.abs(tie.at - before.at) < journalEveryMs;
    return still ? undefined : tie;
  }

  wasJournalled(tie: TimeTie): void {
    this.#journalled = tie;
  }
}
