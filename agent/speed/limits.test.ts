import { expect, it } from 'vitest';
import { limitsOf, speedInForce } from './limits.ts';
import { noLevel } from './shares.ts';

const none = { upload: undefined, download: undefined };

it('bits become bytes; a direction without a speed has no limit', () => {
  const speed = { downloadBitsPerSecond: 1_000_000n, scope: 'device' } as const;
  expect(limitsOf(speed, noLevel)).toEqual({ pace: { upload: undefined, download: 125_000n }, pool: none });
  expect(limitsOf(undefined, noLevel)).toEqual({ pace: none, pool: none });
});

it('a speed that is shared is a pool, and the level a pace of each', () => {
  const speed = { uploadBitsPerSecond: 80n, downloadBitsPerSecond: 7n, scope: 'subscription' } as const;
  const level = { upload: 5n, download: undefined };
  expect(limitsOf(speed, level)).toEqual({ pace: level, pool: { upload: 10n, download: 1n } });
});

it('when the volume has ended, the slower speed is in force', () => {
  const speed = { uploadBitsPerSecond: 80n, scope: 'device' } as const;
  const throttle = { uploadBitsPerSecond: 8n, scope: 'subscription' } as const;
  expect(speedInForce({ speed, throttle }, false)).toBe(speed);
  expect(speedInForce({ speed, throttle }, true)).toBe(throttle);
});
