import type { Clock, Timer } from '../../common/clock.ts';
import { describeError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Task } from '../../common/task.ts';
import type { Wake } from '../../common/wake.ts';
import type { Bell, Gate, GateEvent } from '../gate/model.ts';
import type { Inbox } from './inbox.ts';
import type { Reconciler } from './reconciler.ts';
import type { Telemetry } from './telemetry.ts';
import type { Validity } from './validity.ts';

export interface LoopParts {
  readonly reconciler: Reconciler;
  readonly inbox: Inbox;
  readonly validity: Validity;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly wake: Wake;
  /** Some device was refused at the gate. */
  readonly onRefusal: () => void;
  /** The counters were read, and what followed from it is in force. */
  readonly onReading: () => void;
  /** Between 0 and 1; so that a fleet does not look at everything in the same second. */
  readonly random: () => number;
}

const beatMs = 1_000;
/** Readings may take this part of the time. */
const readingShare = 10;
const fullEveryMs = 300_000;
/** After somebody touched the gate, a look at everything follows so soon. */
const lookAfterMs = 1_000;
/** A reading that takes longer than this is not made for every event. */
const gatherAboveMs = 50;
const firstBackoffMs = 100;
const longestBackoffMs = 30_000;

/**
 * Events for speed, a beat for the counters, and now and then a look at everything for truth; one round at a time.
 * A first round that fails ends the task, as nothing is in force then: the person at the terminal reads why.
 */
export class Loop implements Task {
  readonly name = 'reconcile';
  readonly #parts: LoopParts;
  #beatAt: number;
  #fullAt: number;
  readonly #rung = new Set<Bell>();

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#beatAt = parts.clock.monotonic();
    this.#fullAt = this.#nextFull();
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const ended = new AbortController();
    let watching: Promise<void> | undefined;
    try {
      await this.#round();
      ready();
      watching = this.#watch(AbortSignal.any([signal, ended.signal]));
      await this.#repeat(signal);
    } finally {
      this.#parts.inbox.close();
      ended.abort();
      await watching;
    }
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    const { telemetry } = this.#parts;
    let everInForce = telemetry.inForce;
    while (!signal.aborted) {
      await this.#wait(signal);
      if (signal.aborted) return;
      try {
        await this.#round();
        everInForce ||= telemetry.inForce;
      } catch (error) {
        if (!everInForce) throw error;
        await this.#backOff(error, signal);
      }
    }
  }

  /** Something looks wrong: compare everything with what should be, now. */
  lookNow(): void {
    this.#fullAt = this.#parts.clock.monotonic();
    this.#parts.wake.set();
  }

  async #round(): Promise<void> {
    const { clock, reconciler, telemetry, onReading } = this.#parts;
    const now = clock.monotonic();
    const { readings } = telemetry;
    const due = { reading: now >= this.#beatAt, full: now >= this.#fullAt };
    if (due.full) this.#fullAt = this.#nextFull();
    await reconciler.round(due);
    if (telemetry.readings > readings) onReading();
    if (!due.reading) return;
    this.#beatAt = now + Math.max(beatMs, readingShare * telemetry.lastReadingMs);
    await this.#resetBells();
  }

  // With the beat, so that a bell rings once between two.
  async #resetBells(): Promise<void> {
    const { gate, telemetry } = this.#parts;
    if (!telemetry.inForce) return;
    for (const bell of this.#rung) await gate.resetBell(bell);
    this.#rung.clear();
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { clock, reconciler, wake, validity } = this.#parts;
    const now = clock.monotonic();
    const dues = [this.#beatAt, this.#fullAt, now + reconciler.momentInMs];
    for (const left of [validity.remainingMs(), validity.patienceMs()]) if (left > 0) dues.push(now + left);
    const delay = reconciler.restless ? 0 : Math.max(0, Math.min(...dues) - now);
    if (delay === 0) return;
    const timer: Timer = clock.after(delay, () => wake.set());
    await wake.wait(signal);
    timer.cancel();
  }

  async #backOff(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, log, telemetry } = this.#parts;
    const line = describeError(error);
    // Once for each new trouble, not for every try.
    if (telemetry.lastError !== line)
      log.error({ err: error }, 'could not bring the node to what is desired');
    telemetry.lastError = line;
    const factor = 2 ** Math.min(telemetry.consecutiveFailures - 1, 10);
    await clock.sleep(Math.min(longestBackoffMs, firstBackoffMs * factor), signal);
    this.#beatAt = clock.monotonic();
  }

  /** Listens to what happens in the kernel; what it says is a hint, and the loop looks for itself. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { gate, inbox, clock, log } = this.#parts;
    while (!signal.aborted) {
      // What rang while nobody listened does not ring again.
      this.#rung.add('arrival').add('refusal');
      const watch = gate.watch((event) => this.#hear(event));
      const stop = () => watch.stop();
      signal.addEventListener('abort', stop, { once: true });
      await watch.ended;
      signal.removeEventListener('abort', stop);
      if (signal.aborted) return;
      log.warn('the watch on the gate ended; starting it again');
      inbox.gateTouched();
      await clock.sleep(beatMs, signal);
    }
  }

  #hear(event: GateEvent): void {
    const { clock, inbox, telemetry, onRefusal } = this.#parts;
    if (typeof event === 'object') {
      inbox.ranDry(event.exhausted);
      this.#readSoon();
      return;
    }
    switch (event) {
      case 'refusal':
        this.#rung.add(event);
        onRefusal();
        break;
      case 'arrival':
        this.#rung.add(event);
        this.#readSoon();
        break;
      case 'touched':
        this.#fullAt = Math.min(
          this.#fullAt,
          clock.monotonic() + Math.max(lookAfterMs, readingShare * telemetry.lastReadingMs),
        );
        this.#readSoon();
        break;
    }
  }

  // Where reading takes long, events are gathered: they must not fill the time.
  #readSoon(): void {
    const { clock, inbox, telemetry } = this.#parts;
    const cost = telemetry.lastReadingMs;
    clock.after(cost > gatherAboveMs ? 2 * cost : 0, () => inbox.gateTouched());
  }

  #nextFull(): number {
    const { clock, random } = this.#parts;
    return clock.monotonic() + fullEveryMs * (0.5 + random());
  }
}
