/** Many calls of `set`, one waiter: calls that come while the waiter is at work lead to one more round, not to many. */
export class Wake {
  #set = false;
  #resume: (() => void) | undefined;

  set(): void {
    this.#set = true;
    this.#resume?.();
  }

  /** Resolves when `set` was called since the last wait, or when `signal` aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#set && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const resume = () => resolve();
      this.#resume = resume;
      signal.addEventListener('abort', resume);
      await promise;
      signal.removeEventListener('abort', resume);
      this.#resume = undefined;
    }
    this.#set = false;
  }
}
