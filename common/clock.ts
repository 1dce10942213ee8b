/** The only module that reads clocks and sets timers, so that tests and simulations can own the time. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump; for showing, and for what must survive a reboot. */
  now(): number;
  /** Milliseconds since the machine's boot, on a clock that never jumps: the same in every process of one boot. */
  monotonic(): number;
  /** Resolves after `ms` (what is past is now), or at once when `signal` aborts (without rejecting: the caller looks at the signal). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `action` once after `ms`; what is past is now. */
  after(ms: number, action: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // CLOCK_MONOTONIC, to the microsecond.
  monotonic: () => Number(process.hrtime.bigint() / 1000n) / 1000,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, ms));
      signal?.addEventListener('abort', done);
    }),
  after: (ms, action) => {
    const timer = setTimeout(action, Math.max(0, ms));
    return { cancel: () => clearTimeout(timer) };
  },
};
