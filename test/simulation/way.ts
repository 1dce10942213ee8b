import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** What happens to messages under way: probabilities, and a delay in milliseconds. */
export interface Weather {
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly delayMs: number;
}

export const fair: Weather = { drop: 0, duplicate: 0, reorder: 0, delayMs: 0 };

/** Arrivals of one stream in one direction keep their order, unless the weather says otherwise. */
export interface Course {
  lastAt: number;
}

const latencyMs = 20;

/** One direction between a node and the controller. While it is blocked, what is under way waits. */
export class Way {
  readonly #timeline: Timeline;
  readonly #random: Random;
  #blocked = false;
  #waiting: (() => void)[] = [];
  weather = fair;

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline;
    this.#random = random;
  }

  /** When a message in the middle of a stream was last lost or overtaken: with TCP neither happens. */
  disorderedAt = Number.NEGATIVE_INFINITY;

  get blocked(): boolean {
    return this.#blocked;
  }

  block(): void {
    this.#blocked = true;
  }

  open(): void {
    this.#blocked = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#timeline.after(1, () => {
      for (const deliver of waiting) deliver();
    });
  }

  /** A message of a stream: the weather may lose it (then `lost` is called), double it or let others overtake it. */
  carry(course: Course, deliver: () => void, lost: () => void): void {
    const { drop, duplicate, reorder } = this.weather;
    const random = this.#random;
    if (drop > 0 && random.chance(drop)) {
      this.disorderedAt = this.#timeline.now;
      lost();
      return;
    }
    const copies = duplicate > 0 && random.chance(duplicate) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const strays = reorder > 0 && random.chance(reorder);
      if (strays) this.disorderedAt = this.#timeline.now;
      this.#schedule(course, deliver, strays);
    }
  }

  /** The beginning or the end of a stream. */
  control(course: Course, deliver: () => void): void {
    this.#schedule(course, deliver, false);
  }

  #schedule(course: Course, deliver: () => void, strays: boolean): void {
    const { delayMs } = this.weather;
    const delay = latencyMs * (0.5 + this.#random.next()) + this.#random.next() * delayMs;
    let at = this.#timeline.now + delay + (strays ? 1 + delay * 3 : 0);
    if (!strays) {
      at = Math.max(at, course.lastAt);
      course.lastAt = at;
    }
    this.#timeline.after(at - this.#timeline.now, () => {
      if (this.#blocked) this.#waiting.push(deliver);
      else deliver();
    });
  }
}
