import type { DesiredSubscription } from '../../../agent/desired/state.ts';
import type { ReportRequest } from '../../../common/gen/turnpike/v1/usage_pb.ts';
import { subscription } from './rig.ts';

interface Row {
  readonly devices: Map<string, bigint>;
  granted: bigint;
  writtenOff: bigint;
  released: bigint;
  over: boolean;
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
    for (const entry of subscriptions) {
      const row = this.row(entry.period);
      row.granted = grown(row.granted, entry.grantedBytes);
      row.writtenOff = grown(row.writtenOff, entry.writtenOffBytes);
      row.released = grown(row.released, entry.releasedBytes);
      row.over ||= entry.over;
      if (row.over && !entry.over) throw new Error(`period ${entry.period} was over, and goes on`);
      for (let passed = Math.max(1, entry.since); passed < entry.period; passed += 1) {
        this.row(passed).over = true;
      }
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
      ...{ granted: 0n, writtenOff: 0n, released: 0n, over: false },
    };
    this.#rows.set(period, row);
    return row;
  }

  /** What a period's volume is charged with: of one that is over there, what the node never heard of is free. */
  claimed(period: number): bigint {
    const { over, granted, released } = this.row(period);
    return (over ? granted : this.granted(period)) - released;
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
