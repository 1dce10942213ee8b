import type { Clock } from '../../common/clock.ts';

/** So many times as long as a digest took, none is computed. */
const rest = 20;

/**
 * When a node is told the digest over all that it should hold. Computing it takes as long as the fleet is large, here and
 * on the node, and while a list of thousands is imported something changes all the time: so at most a twentieth of
 * the time goes into digests, over all nodes. The one over the last change always comes.
 */
export class Comparing {
  readonly #clock: Clock;
  readonly #nodes: () => number;
  readonly #wake: () => void;
  #owed = true;
  #notBefore = 0;
  #timer: { cancel(): void } | undefined;

  /** @param wake called when one that is owed may be computed */
  constructor(clock: Clock, nodes: () => number, wake: () => void) {
    this.#clock = clock;
    this.#nodes = nodes;
    this.#wake = wake;
  }

  get allowed(): boolean {
    return this.#clock.monotonic() >= this.#notBefore;
  }

  /** The node was told of changes since the last digest. */
  get owed(): boolean {
    return this.#owed;
  }

  compared(tookMs: number): void {
    this.cancel();
    this.#owed = false;
    this.#notBefore = this.#clock.monotonic() + tookMs * rest * Math.max(1, this.#nodes());
  }

  putOff(): void {
    this.#owed = true;
    this.#timer ??= this.#clock.after(Math.max(1, this.#notBefore - this.#clock.monotonic()), () => {
      this.#timer = undefined;
      this.#wake();
    });
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
