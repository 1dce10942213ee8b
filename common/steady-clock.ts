import type { Clock, Timer } from './clock.ts';
import type { Logger } from './log.ts';
import { aborted, type Task } from './task.ts';

const lookEveryMs = 10_000;
/** Less is the rounding of two clocks, or a leap second. */
const stepMs = 2_000;

/**
 * A clock whose `now` does not jump: the wall clock as it was at the start, and from there on the monotonic one (which
 * NTP slews as it slews the wall clock). What ends at some time must end then, once, on all nodes alike; a step of the
 * wall clock, by hand or after a machine was resumed, moves nothing until the next start, and is told and counted.
 */
export class SteadyClock implements Clock {
  readonly #base: Clock;
  readonly #offsetMs: number;
  #knownStepMs = 0;
  /** How often the wall clock was seen to step. */
  steps = 0;

  constructor(base: Clock) {
    this.#base = base;
    this.#offsetMs = base.now() - base.monotonic();
  }

  now(): number {
    return Math.floor(this.#base.monotonic() + this.#offsetMs);
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#base.sleep(ms, signal);
  }

  after(ms: number, action: () => void): Timer {
    return this.#base.after(ms, action);
  }

  /** By how much the wall clock has stepped since the last look, in milliseconds; undefined when it has not. */
  lookForStep(): number | undefined {
    const ahead = this.#base.now() - this.now();
    const step = ahead - this.#knownStepMs;
    if (Math.abs(step) < stepMs) return undefined;
    this.#knownStepMs = ahead;
    this.steps += 1;
    return step;
  }
}

/** Watches for steps of the wall clock. */
export function clockWatchTask(clock: SteadyClock, log: Logger): Task {
  return {
    name: 'clock watch',
    async run(signal, ready) {
      const look = () => {
        const step = clock.lookForStep();
        if (step !== undefined) {
          log.warn(
            { stepSeconds: Math.round(step / 1000) },
            'the wall clock was set; times here go on as before. If it is right now, restart the controller',
          );
        }
        timer = clock.after(lookEveryMs, look);
      };
      let timer = clock.after(lookEveryMs, look);
      ready();
      await aborted(signal);
      timer.cancel();
    },
  };
}
