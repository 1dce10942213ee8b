import type { Clock, Timer } from '../../common/clock.ts';

interface Event {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

/** The one time of a simulated world: what is to happen, in its order. Between two events no time passes. */
export class Timeline {
  readonly #heap: Event[] = [];
  #order = 0;
  #now = 0;
  /** How many events there were. */
  events = 0;

  get now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): void {
    this.#order += 1;
    push(this.#heap, { at: this.#now + Math.max(0, ms), order: this.#order, action });
  }

  /** Lets everything happen until then; `afterEach` when an event and all that follows from it at once is over. */
  async run(until: number, afterEach: () => void): Promise<void> {
    await settle();
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      pop(this.#heap);
      this.#now = Math.max(this.#now, next.at);
      this.events += 1;
      next.action();
      await settle();
      afterEach();
    }
    this.#now = Math.max(this.#now, until);
  }
}

/** Until no promise waits for another one any more: nothing here waits for anything but promises and the timeline. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The clocks of one machine. A new boot starts the monotonic one anew; the wall clock may be set. */
export class MachineClock implements Clock {
  readonly #timeline: Timeline;
  readonly #epochMs: number;
  #bootAt = 0;
  #stepMs = 0;

  /** `epochMs`: the wall clock when the world began. */
  constructor(timeline: Timeline, epochMs: number) {
    this.#timeline = timeline;
    this.#epochMs = epochMs;
  }

  now(): number {
    return this.#epochMs + this.#stepMs + this.#timeline.now;
  }

  monotonic(): number {
    return 1_000 + this.#timeline.now - this.#bootAt;
  }

  /** Somebody sets the wall clock. */
  step(ms: number): void {
    this.#stepMs += ms;
  }

  reboot(): void {
    this.#bootAt = this.#timeline.now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.after(ms, done);
      signal?.addEventListener('abort', done);
    });
  }

  after(ms: number, action: () => void): Timer {
    let cancelled = false;
    this.#timeline.after(ms, () => {
      if (!cancelled) action();
    });
    return {
      cancel: () => {
        cancelled = true;
      },
    };
  }
}

function before(left: Event, right: Event): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(event, heap[parent] as Event)) break;
    heap[at] = heap[parent] as Event;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child += 1;
    if (!before(heap[child] as Event, last)) break;
    heap[at] = heap[child] as Event;
    at = child;
  }
  heap[at] = last;
}
