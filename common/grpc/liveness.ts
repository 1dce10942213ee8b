import type { Clock, Timer } from '../clock.ts';

/** Both sides of a Sync stream say something at least this often, … */
export const heartbeatMs = 10_000;
/** … and take the other for gone after so long without a word: TCP alone may take a quarter of an hour. */
export const silenceMs = 30_000;

/** HTTP/2 pings, for connections on which no stream is open or only Usage is. */
export const keepaliveOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
} as const;

export interface SilenceWatch {
  heard(): void;
  /** While we do not read, silence says nothing about the peer. */
  pause(): void;
  resume(): void;
  stop(): void;
}

/** Calls `onSilent` once when `heard` was not called for `ms`. */
export function watchSilence(clock: Clock, ms: number, onSilent: () => void): SilenceWatch {
  let last = clock.monotonic();
  let paused = false;
  let timer: Timer;
  // Heard costs only a reading of the clock; the timer looks at it when it rings, and sets itself again.
  const ring = () => {
    const left = paused ? ms : last + ms - clock.monotonic();
    if (left <= 0) return onSilent();
    timer = clock.after(left, ring);
  };
  timer = clock.after(ms, ring);
  const heard = () => {
    last = clock.monotonic();
  };
  return {
    heard,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
      heard();
    },
    stop: () => timer.cancel(),
  };
}

/** Calls `action` every `ms` until cancelled. */
export function repeat(clock: Clock, ms: number, action: () => void): Timer {
  let timer = clock.after(ms, ring);
  function ring() {
    timer = clock.after(ms, ring);
    action();
  }
  return { cancel: () => timer.cancel() };
}
