/** A reading may be put off so long for what the controller says, and as long again as a reading takes. */
const patienceMs = 1_000;

/**
 * A reading that is owed, and waits while the controller has something to say: with ten thousand devices it takes a good
 * part of a second, for which a customer would wait who has just paid. Times are monotonic milliseconds.
 */
export class ReadingDebt {
  #since: number | undefined;

  get isOwed(): boolean {
    return this.#since !== undefined;
  }

  owe(now: number): void {
    this.#since ??= now;
  }

  paid(): void {
    this.#since = undefined;
  }

  /** @param readingMs how long a reading takes */
  mayWait(now: number, readingMs: number): boolean {
    return this.#since === undefined || now - this.#since < patienceMs + readingMs;
  }
}
