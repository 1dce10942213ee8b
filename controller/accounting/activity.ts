import type { Clock } from '../../common/clock.ts';

/**
 * When each subscription last used or wanted something on each node, and when it was last recalled there. In memory
 * only: stored, it would be a log of sessions. After a restart everybody counts as having been active just then.
 */
export class Activity {
  readonly #clock: Clock;
  readonly #started: number;
  readonly #used = new Map<string, number>();
  readonly #recalled = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#started = clock.monotonic();
  }

  used(subscriptionId: string, nodeId: string): void {
    touch(this.#used, key(subscriptionId, nodeId), this.#clock.monotonic());
  }

  recalled(subscriptionId: string, nodeId: string): void {
    touch(this.#recalled, key(subscriptionId, nodeId), this.#clock.monotonic());
  }

  sinceUseMs(subscriptionId: string, nodeId: string): number {
    return this.#clock.monotonic() - (this.#used.get(key(subscriptionId, nodeId)) ?? this.#started);
  }

  /** True only when it was seen to: not for what was before this controller started. */
  usedWithin(subscriptionId: string, nodeId: string, ms: number): boolean {
    const at = this.#used.get(key(subscriptionId, nodeId));
    return at !== undefined && this.#clock.monotonic() - at < ms;
  }

  /** Infinity when it was not, or too long ago to matter. */
  sinceRecallMs(subscriptionId: string, nodeId: string): number {
    const at = this.#recalled.get(key(subscriptionId, nodeId));
    return at === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - at;
  }

  /** Forgets what is older than `ms`. */
  forget(ms: number): void {
    const before = this.#clock.monotonic() - ms;
    for (const times of [this.#used, this.#recalled]) {
      // A map keeps its order of insertion, and every touch inserts anew: the oldest come first.
      for (const [name, at] of times) {
        if (at >= before) break;
        times.delete(name);
      }
    }
  }
}

function touch(times: Map<string, number>, name: string, at: number): void {
  times.delete(name);
  times.set(name, at);
}

function key(subscriptionId: string, nodeId: string): string {
  return `${subscriptionId} ${nodeId}`;
}
