import { describe, expect, it } from 'vitest';
import { checkTariff, tariffDefaults, toTariffLimits, toTariffRow } from './tariff-settings.ts';
import type { TariffLimits } from './views.ts';

const sold: TariffLimits = {
  volumeBytes: 50_000_000_000n,
  maxDevices: 5,
  maxConnections: 2,
  seatPolicy: 'evict-oldest',
  sharedKey: 'count',
  requireHardwareId: true,
  uploadBitsPerSecond: 10_000_000,
  downloadBitsPerSecond: 50_000_000,
  speedScope: 'subscription',
  throttleBitsPerSecond: 1_000_000,
  thresholds: [80, 95],
  period: 'days',
  periodDays: 30,
  rollover: true,
  durationDays: 90,
  graceSeconds: 86_400,
};

describe('a tariff', () => {
  it('that can be is taken, and stored as it is', () => {
    checkTariff(sold);
    checkTariff({ ...tariffDefaults, volumeBytes: null });
    const row = { id: '', name: '', group_id: '', enforcement: 'inherit', created_at: 0 } as const;
    for (const limits of [sold, { ...tariffDefaults, volumeBytes: null }]) {
      const columns = toTariffRow(limits) as Required<ReturnType<typeof toTariffRow>>;
      expect(toTariffLimits({ ...row, ...columns })).toEqual(limits);
    }
  });

  const cannotBe: [keyof TariffLimits, Partial<TariffLimits>, RegExp][] = [
    ['volumeBytes', { volumeBytes: 0n }, /more than zero and at most 1152.92 PB \(2\^60 bytes\)/],
    ['volumeBytes', { volumeBytes: -1n }, /more than zero/],
    ['volumeBytes', { volumeBytes: 2n ** 60n + 1n }, /2\^60 bytes/],
    ['maxDevices', { maxDevices: 0 }, /from 1 to 1000000/],
    ['maxDevices', { maxDevices: 0.5 }, /whole number/],
    ['maxConnections', { maxConnections: -1 }, /from 1/],
    ['sharedKey', { maxConnections: null }, /give maxConnections too, or choose "notify"/],
    [
      'seatPolicy',
      { maxConnections: null, sharedKey: 'notify' },
      /give maxConnections too, or choose "reject-new"/,
    ],
    ['uploadBitsPerSecond', { uploadBitsPerSecond: 63_999 }, /from 64000 to/],
    ['downloadBitsPerSecond', { downloadBitsPerSecond: 2 ** 63 }, /to 1000000000000/],
    ['throttleBitsPerSecond', { throttleBitsPerSecond: 0 }, /from 64000/],
    ['throttleBitsPerSecond', { throttleBitsPerSecond: 10_000_001 }, /at most 10 Mbit\/s/],
    ['throttleBitsPerSecond', { volumeBytes: null, thresholds: [], rollover: false }, /unlimited/],
    ['thresholds', { thresholds: [95, 80] }, /each more than the one before/],
    ['thresholds', { thresholds: [80, 80] }, /each more than the one before/],
    ['thresholds', { thresholds: [0] }, /from 1 to 100/],
    ['thresholds', { thresholds: [101] }, /from 1 to 100/],
    ['thresholds', { thresholds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }, /at most ten/],
    ['thresholds', { volumeBytes: null, throttleBitsPerSecond: null, rollover: false }, /unlimited/],
    ['periodDays', { periodDays: 0 }, /from 1 to 3660/],
    ['periodDays', { periodDays: null }, /from 1 to 3660/],
    ['periodDays', { period: 'month' }, /only a period of "days"/],
    ['rollover', { period: 'once', periodDays: null }, /"month" or "days"/],
    ['rollover', { volumeBytes: null, throttleBitsPerSecond: null, thresholds: [] }, /unlimited/],
    ['durationDays', { durationDays: 0 }, /from 1 to 36500/],
    ['graceSeconds', { graceSeconds: -1 }, /from 0/],
  ];
  it.each(cannotBe)('that cannot be is refused by its field: %s %o', (field, change, allowed) => {
    expect(() => checkTariff({ ...sold, ...change })).toThrowError(
      expect.objectContaining({ code: 'invalid', field, message: expect.stringMatching(allowed) }),
    );
  });
});
