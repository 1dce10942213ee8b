import { formatSize } from '../../common/bytes.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { fastestSpeed, formatSpeed, slowestSpeed } from '../../common/speed.ts';
import { largestVolume } from '../ledger/adjust.ts';
import type { NewRow, Row } from '../store/schema.ts';
import type { TariffLimits } from './views.ts';

/** What a tariff is that says nothing of it. */
export const tariffDefaults: Omit<TariffLimits, 'volumeBytes'> = {
  maxDevices: null,
  maxConnections: null,
  seatPolicy: 'reject-new',
  sharedKey: 'notify',
  requireHardwareId: false,
  uploadBitsPerSecond: null,
  downloadBitsPerSecond: null,
  speedScope: 'device',
  throttleBitsPerSecond: null,
  thresholds: [],
  period: 'once',
  periodDays: null,
  rollover: false,
  durationDays: null,
  graceSeconds: 0,
};

const longestDays = 36_500;
const longestGraceSeconds = 366 * 86_400;

/** @throws TurnpikeError `invalid` with the field that cannot be, and what is allowed there. */
export function checkTariff(tariff: TariffLimits): void {
  checkVolume(tariff);
  within('maxDevices', tariff.maxDevices, 1, 1_000_000);
  within('maxConnections', tariff.maxConnections, 1, 1_000_000);
  within('uploadBitsPerSecond', tariff.uploadBitsPerSecond, slowestSpeed, fastestSpeed);
  within('downloadBitsPerSecond', tariff.downloadBitsPerSecond, slowestSpeed, fastestSpeed);
  within('throttleBitsPerSecond', tariff.throttleBitsPerSecond, slowestSpeed, fastestSpeed);
  within('durationDays', tariff.durationDays, 1, longestDays);
  within('graceSeconds', tariff.graceSeconds, 0, longestGraceSeconds);
  checkSeats(tariff);
  checkThrottle(tariff);
  checkThresholds(tariff);
  checkPeriod(tariff);
}

function checkVolume({ volumeBytes }: TariffLimits): void {
  if (volumeBytes === null || (volumeBytes > 0n && volumeBytes <= largestVolume)) return;
  refuse(
    'volumeBytes',
    `a volume of ${formatSize(volumeBytes)} cannot be sold: give more than zero and at most ${formatSize(largestVolume)} (2^60 bytes), or make the tariff unlimited`,
  );
}

/** Where any number may connect, neither does anything: nobody is to believe that it did. */
function checkSeats({ maxConnections, seatPolicy, sharedKey }: TariffLimits): void {
  if (maxConnections !== null) return;
  if (sharedKey === 'count') {
    refuse(
      'sharedKey',
      'a shared key counts as two connections only where their number is limited: give maxConnections too, or choose "notify"',
    );
  }
  if (seatPolicy === 'evict-oldest') {
    refuse(
      'seatPolicy',
      'a connection is taken from another device only where their number is limited: give maxConnections too, or choose "reject-new"',
    );
  }
}

function checkThrottle(tariff: TariffLimits): void {
  const { throttleBitsPerSecond: throttle, volumeBytes } = tariff;
  if (throttle === null) return;
  if (volumeBytes === null) {
    refuse('throttleBitsPerSecond', 'an unlimited tariff has no volume whose end could slow it down');
  }
  for (const field of ['uploadBitsPerSecond', 'downloadBitsPerSecond'] as const) {
    const speed = tariff[field];
    if (speed === null || throttle <= speed) continue;
    refuse(
      'throttleBitsPerSecond',
      `${formatSpeed(throttle)} after the volume has ended is more than ${field} before: give at most ${formatSpeed(speed)}`,
    );
  }
}

function checkThresholds({ thresholds, volumeBytes }: TariffLimits): void {
  const rises = thresholds.every((percent, n) => n === 0 || percent > (thresholds[n - 1] ?? 0));
  const whole = thresholds.every((percent) => Number.isInteger(percent) && percent >= 1 && percent <= 100);
  if (!rises || !whole || thresholds.length > 10) {
    refuse(
      'thresholds',
      `[${thresholds.join(', ')}] cannot be: give at most ten whole percents from 1 to 100, each more than the one before`,
    );
  }
  if (thresholds.length > 0 && volumeBytes === null) {
    refuse('thresholds', 'an unlimited tariff has no volume of which a part could be used: give none');
  }
}

function checkPeriod({ period, periodDays, rollover, volumeBytes }: TariffLimits): void {
  if (period === 'days') {
    if (periodDays === null) refuse('periodDays', 'the period is of some days: say how many, from 1 to 3660');
    within('periodDays', periodDays, 1, 3660);
  } else if (periodDays !== null) {
    refuse('periodDays', `only a period of "days" has a number of days, and this one is "${period}"`);
  }
  if (rollover && period === 'once') {
    refuse('rollover', 'there is no next period to carry volume into: choose the period "month" or "days"');
  }
  if (rollover && volumeBytes === null) refuse('rollover', 'an unlimited tariff leaves no volume over');
}

function within(field: string, value: number | null, least: number, most: number): void {
  if (value === null || (Number.isInteger(value) && value >= least && value <= most)) return;
  refuse(field, `${value} cannot be: give a whole number from ${least} to ${most}`);
}

function refuse(field: string, message: string): never {
  throw new TurnpikeError('invalid', `${field}: ${message}`, { field });
}

/** The columns that say it. */
export function toTariffRow(
  tariff: TariffLimits,
): Omit<NewRow<'tariffs'>, 'id' | 'name' | 'group_id' | 'enforcement' | 'created_at'> {
  const bits = (speed: number | null) => (speed === null ? null : BigInt(speed));
  return {
    volume_bytes: tariff.volumeBytes,
    max_devices: tariff.maxDevices,
    max_connections: tariff.maxConnections,
    seat_policy: tariff.seatPolicy,
    shared_key: tariff.sharedKey,
    require_hardware_id: Number(tariff.requireHardwareId),
    upload_bits_per_second: bits(tariff.uploadBitsPerSecond),
    download_bits_per_second: bits(tariff.downloadBitsPerSecond),
    speed_scope: tariff.speedScope,
    throttle_bits_per_second: bits(tariff.throttleBitsPerSecond),
    thresholds: JSON.stringify(tariff.thresholds),
    period_kind: tariff.period,
    period_days: tariff.periodDays,
    rollover: Number(tariff.rollover),
    duration_days: tariff.durationDays,
    grace_seconds: tariff.graceSeconds,
  };
}

export function toTariffLimits(row: Row<'tariffs'>): TariffLimits {
  const bits = (speed: bigint | null) => (speed === null ? null : Number(speed));
  return {
    volumeBytes: row.volume_bytes,
    maxDevices: row.max_devices,
    maxConnections: row.max_connections,
    seatPolicy: row.seat_policy,
    sharedKey: row.shared_key,
    requireHardwareId: row.require_hardware_id === 1,
    uploadBitsPerSecond: bits(row.upload_bits_per_second),
    downloadBitsPerSecond: bits(row.download_bits_per_second),
    speedScope: row.speed_scope,
    throttleBitsPerSecond: bits(row.throttle_bits_per_second),
    thresholds: JSON.parse(row.thresholds) as number[],
    period: row.period_kind,
    periodDays: row.period_days,
    rollover: row.rollover === 1,
    durationDays: row.duration_days,
    graceSeconds: row.grace_seconds,
  };
}
