import type { DeviceCounters } from '../gate/model.ts';

/** What one device used in one period of its subscription on this node, over the life of this incarnation. */
export interface DeviceTotals {
  readonly deviceId: string;
  readonly upload: bigint;
  readonly download: bigint;
}

/**
 * What one device has used in its current period. Totals only grow and outlive the device; `counted` ties them to the
 * counters that are in the kernel now.
 */
export interface Meter extends DeviceTotals {
  readonly subscriptionId: string;
  readonly period: number;
  /** The addresses whose counters in the kernel are this device's, with how much of each is booked already. */
  readonly counted: readonly CountedAddress[];
}

export interface CountedAddress extends DeviceCounters {
  readonly address: string;
}

export function newMeter(deviceId: string, subscriptionId: string, period = 1): Meter {
  return { deviceId, subscriptionId, period, upload: 0n, download: 0n, counted: [] };
}

export function usedBytes({ upload, download }: DeviceTotals): bigint {
  return upload + download;
}

/** Another period begins: totals from zero, on counters that go on. */
export function turnMeter(meter: Meter, period: number): Meter {
  return { ...meter, period, upload: 0n, download: 0n };
}

/** The device's elements are about to be made, or were made: counters begin at zero. */
export function startCounting(meter: Meter, addresses: readonly string[]): Meter {
  return { ...meter, counted: addresses.map((address) => ({ address, upload: 0n, download: 0n })) };
}

/** The device's counters are gone or about to go; what was booked stays. */
export function stopCounting(meter: Meter): Meter {
  return { ...meter, counted: [] };
}

export interface MeterReading {
  /** Only what changed. */
  readonly changed: readonly Meter[];
  /** Subscriptions with a counter that fell: somebody reset it, and what it held since the last reading is unknown. */
  readonly disturbed: ReadonlySet<string>;
  /** Devices without a counter that should be there. Their totals stay; the caller finds out whether it is lost. */
  readonly missing: readonly string[];
}

/** Books one reading of the kernel's counters. */
export function readMeters(
  meters: Iterable<Meter>,
  counters: ReadonlyMap<string, DeviceCounters>,
): MeterReading {
  const changed: Meter[] = [];
  const disturbed = new Set<string>();
  const missing: string[] = [];
  for (const meter of meters) {
    if (meter.counted.length === 0) continue;
    const next = readMeter(meter, counters);
    if (next.missing) missing.push(meter.deviceId);
    if (next.fell) disturbed.add(meter.subscriptionId);
    if (next.meter !== meter) changed.push(next.meter);
  }
  return { changed, disturbed, missing };
}

function readMeter(meter: Meter, counters: ReadonlyMap<string, DeviceCounters>) {
  let { upload, download } = meter;
  let missing = false;
  let fell = false;
  let moved = false;
  const counted = meter.counted.map((booked) => {
    const counter = counters.get(booked.address);
    if (counter === undefined) {
      missing = true;
      return booked;
    }
    if (counter.upload === booked.upload && counter.download === booked.download) return booked;
    moved = true;
    if (counter.upload < booked.upload || counter.download < booked.download) fell = true;
    upload += growth(booked.upload, counter.upload);
    download += growth(booked.download, counter.download);
    return { address: booked.address, upload: counter.upload, download: counter.download };
  });
  return { meter: moved ? { ...meter, upload, download, counted } : meter, missing, fell };
}

/**
 * A counter that fell was reset, or is that of a saved table which somebody loaded: what it shows may be booked already,
 * so nothing of it is. What may have passed is written off with the subscription, which is disturbed.
 */
function growth(booked: bigint, counter: bigint): bigint {
  return counter >= booked ? counter - booked : 0n;
}
