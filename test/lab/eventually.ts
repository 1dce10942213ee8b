import { systemClock } from '../../common/clock.ts';

/** How many times longer everything may take on this machine; an emulated one needs it. */
export const patience = Number(process.env['LAB_PATIENCE'] ?? 1);

export interface Patience {
  /** Milliseconds. */
  readonly within: number;
  /** Milliseconds between two looks; 25 unless told. */
  readonly every?: number;
}

/**
 * Looks again and again until `look` gives something truthy, and returns that. What `look` throws counts as "not yet",
 * and is told when time is up.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { within, every = 25 }: Patience,
): Promise<NonNullable<T>> {
  const end = systemClock.monotonic() + within * patience;
  for (;;) {
    let last: unknown;
    try {
      const seen = await look();
      if (seen) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonic() >= end) {
      throw new Error(`not within ${within} ms: ${what}; last seen: ${last}`, { cause: last });
    }
    await systemClock.sleep(every);
  }
}

/** Waits until `look` has given the same value (as text) for `quietMs` on end, and returns it. */
export async function settled<T>(
  what: string,
  look: () => T | Promise<T>,
  { quietMs, within, every = 50 }: Patience & { readonly quietMs: number },
): Promise<T> {
  let value = await look();
  let since = systemClock.monotonic();
  await eventually(
    `${what} settles`,
    async () => {
      const next = await look();
      if (String(next) !== String(value)) {
        value = next;
        since = systemClock.monotonic();
      }
      return systemClock.monotonic() - since >= quietMs;
    },
    { within, every },
  );
  return value;
}
