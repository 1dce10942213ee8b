import type { Clock, Timer } from '../../common/clock.ts';
import { Wake } from '../../common/wake.ts';
import { noOverlap, type Overlap } from './sharing.ts';
import type { SeatStanding } from './situation.ts';

/** What is known of a device's seat beyond the store. In memory only: with times, it would be a log of sessions. */
export interface SeatMemory extends Omit<SeatStanding, 'parked' | 'seat'> {
  /** Of the seat that it holds. */
  readonly seatSince: number | undefined;
  readonly confirmed: boolean;
  /** Milliseconds since 1970; undefined while it is open. In observe: it would be parked since then. */
  readonly parkedAt: number | undefined;
  readonly overlap: Overlap;
}

export const noMemory: SeatMemory = {
  seatSince: undefined,
  confirmed: false,
  evictedAt: undefined,
  triedAt: undefined,
  punishedUntil: undefined,
  parkedAt: undefined,
  overlap: noOverlap,
};

/** Whose seats are to be decided anew. */
export interface Noted {
  readonly subscriptionIds: ReadonlySet<string>;
  readonly nodeIds: ReadonlySet<string>;
}

/** Where it is noted whose seats are to be decided anew, and what is remembered of them. */
export class SeatDesk {
  readonly #clock: Clock;
  readonly #memories = new Map<string, SeatMemory>();
  readonly #timers = new Map<string, Timer>();
  readonly wake = new Wake();
  #marked = new Set<string>();
  #turnedNodes = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something changed for these subscriptions. */
  mark(subscriptionIds: Iterable<string>): void {
    for (const id of subscriptionIds) this.#marked.add(id);
    if (this.#marked.size > 0) this.wake.set();
  }

  /** A node came, went, or is no longer of its group: whoever has a seat there is concerned. */
  nodeTurned(nodeId: string): void {
    this.#turnedNodes.add(nodeId);
    this.wake.set();
  }

  /** What was noted since the last time. */
  take(): Noted {
    const taken = { subscriptionIds: this.#marked, nodeIds: this.#turnedNodes };
    this.#marked = new Set();
    this.#turnedNodes = new Set();
    return taken;
  }

  /** It did not come about: again, soon. */
  putBack({ subscriptionIds, nodeIds }: Noted): void {
    for (const id of subscriptionIds) this.#marked.add(id);
    for (const id of nodeIds) this.#turnedNodes.add(id);
  }

  memory(deviceId: string): SeatMemory {
    return this.#memories.get(deviceId) ?? noMemory;
  }

  /** Ids of the devices of which something is remembered. */
  remembered(): Iterable<string> {
    return this.#memories.keys();
  }

  remember(deviceId: string, memory: SeatMemory): void {
    const empty = Object.entries(memory).every(([name, value]) =>
      name === 'overlap' ? value === noOverlap : value === undefined || value === false,
    );
    if (empty) this.#memories.delete(deviceId);
    else this.#memories.set(deviceId, memory);
  }

  /** It has another key: what the old one was found to be, and was parked for, is over. */
  rekeyed(deviceId: string): void {
    const memory = { ...this.memory(deviceId), overlap: noOverlap, punishedUntil: undefined };
    this.remember(deviceId, memory);
  }

  /** The device was removed. */
  forget(deviceId: string): void {
    this.#memories.delete(deviceId);
  }

  /** Marks the subscription at this moment, monotonic milliseconds; in place of what was asked for before. */
  remind(subscriptionId: string, at: number | undefined): void {
    this.#timers.get(subscriptionId)?.cancel();
    this.#timers.delete(subscriptionId);
    if (at === undefined) return;
    const timer = this.#clock.after(Math.max(0, at - this.#clock.monotonic()), () => {
      this.#timers.delete(subscriptionId);
      this.mark([subscriptionId]);
    });
    this.#timers.set(subscriptionId, timer);
  }

  /** No timer is left to fire. */
  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
