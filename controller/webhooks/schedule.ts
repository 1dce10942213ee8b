const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long after each failed attempt the next one comes: nearly a day in all. */
const delaysMs = [5 * second, 30 * second, 2 * minute, 10 * minute, 30 * minute].concat(
  [1, 2, 4, 8, 8].map((hours) => hours * hour),
);

/** An endpoint at which nothing was delivered for as long is disabled; less than all retries take at their soonest. */
export const lastingMs = 20 * hour;

/** How long the secret before the last rotation goes on signing. */
export const overlapMs = 24 * hour;

/**
 * When to try again after this many attempts, all failed; undefined: no more. `random` is from 0 to 1: a tenth is added or
 * taken away, so that not all come back at once. A `retryAfterMs` that the endpoint asked for counts when it is later.
 */
export function nextAttempt(
  attempts: number,
  now: number,
  random: number,
  retryAfterMs = 0,
): number | undefined {
  const delay = delaysMs[attempts - 1];
  if (delay === undefined) return undefined;
  return now + Math.max(Math.round(delay * (0.9 + 0.2 * random)), Math.min(retryAfterMs, hour));
}
