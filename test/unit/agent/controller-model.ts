import type { DesiredSubscription } from '../../../agent/desired/state.ts';
import type { ReportRequest } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { subscription } from './rig.ts';

interface Row {
  readonly devices: Map<string, bigint>;
  granted: bigint;
  writtenOff: bigint;
  released: bigint;
}

/** What the controller would say of one subscription, and what it books of the reports: totals, of which none falls. */
export class ControllerModel {
  period = 1;
  endsAt: number | undefined;
  next = 0n;
  recall = 0;
  allowance = true;
  /** All that was ever granted, by period. */
  readonly #granted = new Map<number, bigint>();
  readonly #rows = new Map<number, Row>();

  constructor(granted: bigint) {
    this.#granted.set(1, granted);
  }

  item(): DesiredSubscription {
    return subscription(1, {
      period: this.period,
      grantedBytes: this.granted(this.period),
      nextGrantedBytes: this.next,
      recall: this.recall,
      allowance: this.allowance,
      ...(this.endsAt !== undefined && { periodEndsAt: this.endsAt }),
    });
  }

  grant(bytes: bigint): void {
    this.#granted.set(this.period, this.granted(this.period) + bytes);
  }

  granted(period: number): bigint {
    if (period === this.period + 1) return this.next;
    return this.#granted.get(period) ?? 0n;
  }

  grantedInAll(): bigint {
    return [...this.#granted.values()].reduce((sum, bytes) => sum + bytes, 0n);
  }

  turn(): void {
    this.#granted.set(this.period + 1, this.next);
    this.period += 1;
    this.next = 0n;
    this.recall = 0;
    this.endsAt = undefined;
  }

  /** A figure that falls, or a byte too many, is the node's mistake: throws. */
  book({ devices, subscriptions }: ReportRequest): void {
    for (const { period, grantedBytes, writtenOffBytes, releasedBytes } of subscriptions) {
      const row = this.row(period);
      row.granted = grown(row.granted, grantedBytes);
      row.writtenOff = grown(row.writtenOff, writtenOffBytes);
      row.released = grown(row.released, releasedBytes);
    }
    for (const { deviceId, period, uploadBytes, downloadBytes } of devices) {
      const row = this.row(period);
      row.devices.set(deviceId, grown(row.devices.get(deviceId) ?? 0n, uploadBytes + downloadBytes));
    }
    for (const [period, row] of this.#rows) {
      const may = this.granted(period) - usedIn(row) - row.writtenOff - row.released;
      if (may < 0n || row.granted > this.granted(period)) throw new Error(`period ${period}: ${may}`);
    }
  }

  row(period: number): Row {
    const row = this.#rows.get(period) ?? {
      devices: new Map<string, bigint>(),
      ...{ granted: 0n, writtenOff: 0n, released: 0n },
    };
    this.#rows.set(period, row);
    return row;
  }

  get rows(): ReadonlyMap<number, Row> {
    return this.#rows;
  }

  billed(): bigint {
    return [...this.#rows.values()].reduce((sum, row) => sum + usedIn(row), 0n);
  }
}

export function usedIn({ devices }: Row): bigint {
  return [...devices.values()].reduce((sum, bytes) => sum + bytes, 0n);
}

function grown(before: bigint, now: bigint): bigint {
  if (now < before) throw new Error(`a total fell from ${before} to ${now}`);
  return now;
}
