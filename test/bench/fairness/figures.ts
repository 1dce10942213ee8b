import type { Direction } from '../speed/tcp.ts';

/** What had come by then, bytes: of each device by its place. */
export interface Reading {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Payload, at the end that receives. */
  readonly payload: readonly number[];
  /** Counted by the gate, packets whole. */
  readonly up: readonly number[];
  readonly down: readonly number[];
}

/** A device that does all it can one way; `undefined` streams: none, it is silent. */
export interface Device {
  readonly direction: Direction;
  readonly streams: number | undefined;
}

/** How the speed of one direction was shared. Speeds in bits per second. */
export interface Shares {
  readonly direction: Direction;
  /** Of those that do all they can in this direction, in their order. */
  readonly payload: readonly number[];
  readonly accepted: readonly number[];
  /** What the gate accepted of the least of them, as part of an equal share. */
  readonly least: number;
  /** The same over the worst {@link lookSeconds} that count. */
  readonly worst: number;
  /** What it accepted of all devices, answers to the other direction among it, as part of the tariff. */
  readonly used: number;
  /** From this second on each had {@link fairFrom} of an equal share over any {@link lookSeconds}; undefined: at no time. */
  readonly fairAfterSeconds: number | undefined;
}

export const fairFrom = 0.8;
export const lookSeconds = 5;

/**
 * Of a reading each second. `from`: the first that counts, when the time to come to rest is over; the fair part is looked
 * for from the beginning.
 */
export function sharesOf(
  readings: readonly Reading[],
  from: number,
  devices: readonly Device[],
  tariff: number,
): readonly Shares[] {
  const window = [nth(readings, from), nth(readings, readings.length - 1)] as const;
  return (['down', 'up'] as const).flatMap((direction) => {
    const places = devices.flatMap((device, place) =>
      device.streams !== undefined && device.direction === direction ? [place] : [],
    );
    if (places.length === 0) return [];
    const equal = tariff / places.length;
    const speeds = (kind: 'payload' | Direction, span: readonly [Reading, Reading]) =>
      devices.map((_, place) => bitsPerSecond(kind, place, span));
    const leastOf = (span: readonly [Reading, Reading]) => {
      const all = speeds(direction, span);
      return Math.min(...places.map((place) => nth(all, place))) / equal;
    };
    const looks = readings
      .slice(0, -lookSeconds)
      .map((first, n) => leastOf([first, nth(readings, n + lookSeconds)]));
    const fairAt = looks.findLastIndex((least) => least < fairFrom) + 1;
    const accepted = speeds(direction, window);
    return {
      direction,
      payload: places.map((place) => nth(speeds('payload', window), place)),
      accepted: places.map((place) => nth(accepted, place)),
      least: leastOf(window),
      used: accepted.reduce((sum, bits) => sum + bits, 0) / tariff,
      worst: Math.min(...looks.slice(from)),
      fairAfterSeconds:
        fairAt === looks.length ? undefined : (nth(readings, fairAt).at - nth(readings, 0).at) / 1000,
    };
  });
}

function bitsPerSecond(
  kind: 'payload' | Direction,
  place: number,
  [first, last]: readonly [Reading, Reading],
): number {
  return ((nth(last[kind], place) - nth(first[kind], place)) * 8000) / (last.at - first.at);
}

function nth<T>(list: readonly T[], place: number): T {
  const item = list[place];
  if (item === undefined) throw new Error(`there is no number ${place} of ${list.length}`);
  return item;
}
