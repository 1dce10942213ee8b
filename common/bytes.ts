import { TurnpikeError } from './errors.ts';

const units = {
  B: 1n,
  kB: 1000n,
  MB: 1000n ** 2n,
  GB: 1000n ** 3n,
  TB: 1000n ** 4n,
  PB: 1000n ** 5n,
  KiB: 1024n,
  MiB: 1024n ** 2n,
  GiB: 1024n ** 3n,
  TiB: 1024n ** 4n,
  PiB: 1024n ** 5n,
} as const;

type Unit = keyof typeof units;

/** Largest amount of bytes that any field holds: 2^63 - 1, what both databases and the kernel can count. */
export const maxBytes = 2n ** 63n - 1n;

const unitByLowerCase = new Map<string, Unit>(
  (Object.keys(units) as Unit[]).map((unit) => [unit.toLowerCase(), unit]),
);

/**
 * Reads `50GB` (10^9), `50GiB` (2^30), `1.5 TB`, `1000B`. Units are case-insensitive but must be written out: `50G` is
 * refused, because nobody can know which of the two it means, and so is `10`, by which somebody means 10 GB.
 * @throws TurnpikeError `invalid`, also for what is not a whole number of bytes, negative, or above {@link maxBytes}.
 */
export function parseSize(text: string): bigint {
  const match = /^(\d+)(?:\.(\d+))?\s*([A-Za-z]*)$/.exec(text.trim());
  const unit = unitByLowerCase.get(match?.[3]?.toLowerCase() ?? '');
  if (!match?.[1] || unit === undefined) {
    throw new TurnpikeError('invalid', `"${text}" is not a size`, {
      remedy: 'write a number with a unit, such as 50GB (10^9 bytes) or 50GiB (2^30 bytes)',
    });
  }
  const fraction = match[2] ?? '';
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(match[1] + fraction) * units[unit];
  if (scaled % scale !== 0n) {
    throw new TurnpikeError('invalid', `"${text}" is not a whole number of bytes`, {
      remedy: 'the least is 1B',
    });
  }
  const bytes = scaled / scale;
  if (bytes > maxBytes) {
    throw new TurnpikeError('invalid', `"${text}" is more than 2^63 - 1 bytes`, {
      remedy: `the most is ${maxBytes}B`,
    });
  }
  return bytes;
}

const printed: readonly Unit[] = ['PB', 'TB', 'GB', 'MB', 'kB'];

/**
 * Prints bytes in decimal units with two digits, and always says so: `49.99 GB`. Rounded down, so that nothing looks
 * fuller than it is; exact amounts are printed by `--json`.
 */
export function formatSize(bytes: bigint): string {
  if (bytes < 0n) return `-${formatSize(-bytes)}`;
  const unit = printed.find((candidate) => bytes >= units[candidate]);
  if (unit === undefined) return `${bytes} B`;
  const hundredths = (bytes * 100n) / units[unit];
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, '0')} ${unit}`;
}
