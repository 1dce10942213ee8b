import { TurnpikeError } from './errors.ts';

const units = { bit: 1n, kbit: 1000n, Mbit: 1000n ** 2n, Gbit: 1000n ** 3n, Tbit: 1000n ** 4n } as const;

type Unit = keyof typeof units;

const unitByLowerCase = new Map<string, Unit>(
  (Object.keys(units) as Unit[]).map((unit) => [unit.toLowerCase(), unit]),
);

/** Of what is sold, in bits per second: below, a page does not load, and what the kernel can shape is no longer exact. */
export const slowestSpeed = 64_000;
export const fastestSpeed = 1_000_000_000_000;

const speedBounds = 'the least is 64kbit, the most 1Tbit';

/**
 * Reads `50Mbit` (50,000,000 bits per second), `1.5 Gbit`, `800kbit/s`. The unit must be written out: `50M` and `50MB`
 * could mean bytes, and `50Mbps` means bytes to some tools.
 * @throws TurnpikeError `invalid`, also for what is not a whole number of bits per second.
 */
export function parseSpeed(text: string): number {
  const match = /^(\d{1,40})(?:\.(\d{1,40}))?\s*([a-z]+)(?:\/s)?$/i.exec(text.trim());
  const unit = match?.[3] ? unitByLowerCase.get(match[3].toLowerCase()) : undefined;
  if (!match?.[1] || unit === undefined) {
    throw new TurnpikeError('invalid', `"${text}" is not a speed`, {
      remedy: 'write bits per second with a unit, such as 50Mbit (50000000 bit/s) or 800kbit',
    });
  }
  const fraction = match[2] ?? '';
  const scale = 10n ** BigInt(fraction.length);
  const scaled = BigInt(match[1] + fraction) * units[unit];
  if (scaled % scale !== 0n) {
    throw new TurnpikeError('invalid', `"${text}" is not a whole number of bits per second`, {
      remedy: speedBounds,
    });
  }
  const bits = scaled / scale;
  if (bits > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new TurnpikeError('invalid', `"${text}" is faster than any network`, {
      remedy: speedBounds,
    });
  }
  return Number(bits);
}

const printed: readonly Unit[] = ['Tbit', 'Gbit', 'Mbit', 'kbit'];

/** `50 Mbit/s`: exact, in the largest unit that leaves at most three decimals. */
export function formatSpeed(bitsPerSecond: number): string {
  const bits = BigInt(bitsPerSecond);
  const unit = printed.find(
    (candidate) => bits >= units[candidate] && (bits * 1000n) % units[candidate] === 0n,
  );
  if (unit === undefined) return `${bits} bit/s`;
  const thousandths = String((bits * 1000n) / units[unit]).padStart(4, '0');
  const decimals = thousandths.slice(-3).replace(/0+$/, '');
  return `${thousandths.slice(0, -3)}${decimals && `.${decimals}`} ${unit}/s`;
}
