import type { DesiredSubscription, Speed } from '../desired/state.ts';
import type { Level } from './shares.ts';

/** Bytes per second in each direction; undefined: no limit. */
export interface Rates {
  readonly upload: bigint | undefined;
  readonly download: bigint | undefined;
}

/** What a subscription's devices should be limited to on this node. */
export interface Limits {
  /** Of each device by itself. */
  readonly pace: Rates;
  /** Of all of them together. */
  readonly pool: Rates;
}

const free: Rates = { upload: undefined, download: undefined };

export const unlimited: Limits = { pace: free, pool: free };

/** The speed that is in force: the tariff's, or what it goes on with when its volume has ended. */
export function speedInForce(
  { speed, throttle }: Pick<DesiredSubscription, 'speed' | 'throttle'>,
  throttled: boolean,
): Speed | undefined {
  return throttled ? throttle : speed;
}

/** `level`: what each of those that share a speed may have of it at most, by {@link Level}. */
export function limitsOf(speed: Speed | undefined, level: Level): Limits {
  if (speed === undefined) return unlimited;
  const rates: Rates = {
    upload: bytesPerSecond(speed.uploadBitsPerSecond),
    download: bytesPerSecond(speed.downloadBitsPerSecond),
  };
  if (speed.scope === 'device') return { pace: rates, pool: free };
  return { pace: level, pool: rates };
}

function bytesPerSecond(bits: bigint | undefined): bigint | undefined {
  return bits === undefined ? undefined : bits < 8n ? 1n : bits / 8n;
}
