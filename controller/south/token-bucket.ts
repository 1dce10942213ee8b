import type { RateLimit } from '../../common/listener-limits.ts';

/** How often something may happen: `burst` at once, then `perSecond`. Pure: the time comes from the caller. */
export class TokenBucket {
  readonly #rate: RateLimit;
  #tokens: number;
  #at: number;

  constructor(rate: RateLimit, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = nowMs;
  }

  /** Takes one token, if there is one. */
  tryTake(nowMs: number): boolean {
    this.#refill(nowMs);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes so many tokens in any case, and says how long to wait until they are there. */
  take(nowMs: number, tokens = 1): number {
    this.#refill(nowMs);
    this.#tokens -= tokens;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#rate.perSecond) * 1000;
  }

  /** What was taken for something that then did not happen. */
  giveBack(nowMs: number, tokens: number): void {
    this.#tokens += tokens;
    this.#refill(nowMs);
  }

  /** True when it is as good as new. */
  full(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens >= this.#rate.burst;
  }

  #refill(nowMs: number): void {
    const earned = ((nowMs - this.#at) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + earned);
    this.#at = nowMs;
  }
}
