import { create, toBinary } from '@bufbuild/protobuf';
import { ReportRequestSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import { termOf } from '../../common/term.ts';
import type { ClosedPeriod } from '../grants/period.ts';
import type { JournalState } from '../journal/state.ts';
import type { Meter } from '../meter/meter.ts';
import type { PendingReport } from '../south/ports.ts';
import type { Draft } from './draft.ts';
import { activityOf, type Memory } from './memory.ts';

/** Usage that nobody waits for is reported at most this often. */
const usageIntervalMs = 5_000;

/** In one report: devices and subscriptions together. They are small, and a message may have 4 MiB. */
const mostEntries = 30_000;

/** Of the periods that are over, so many are kept in any case: for longer than the controller's backups. */
const keptPeriods = 2;

interface Said {
  readonly period: number;
  readonly since: number;
  readonly granted: bigint;
  readonly voucher: string | undefined;
  readonly writtenOff: bigint;
  readonly released: bigint;
  readonly recall: number;
  readonly wanting: boolean;
}

interface Chosen {
  readonly devices: readonly Meter[];
  readonly subscriptions: readonly string[];
  readonly closed: readonly ClosedPeriod[];
}

const nothing: Chosen = { devices: [], subscriptions: [], closed: [] };

/**
 * Collects what the controller does not know yet. One report is under way at a time; what comes meanwhile waits for
 * the next: figures are totals, so nothing piles up while the controller is away.
 */
export class Reports {
  readonly #dirtyDevices = new Set<string>();
  readonly #dirtySubscriptions = new Set<string>();
  /** Periods that are over, by {@link keyOf}; and those of them that the controller has booked as they are. */
  readonly #dirtyClosed = new Map<string, ClosedPeriod>();
  readonly #booked = new Set<string>();
  readonly #said = new Map<string, Said>();
  /** Of which nothing was said yet since the start, or since the controller's last restore. */
  #untold = new Set<string>();
  /** The controller's term to which all is being told, and the last one to which it was. */
  #term = 0;
  #toldTerm = 0;
  #urgent = false;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** What is in the report that was made last. */
  #chosen = nothing;
  /** What is under way. */
  #sent = nothing;

  /** After a start nobody remembers what was said: all is said again, and changes nothing where it was booked. */
  constructor(state: Readonly<JournalState>) {
    this.#tellAll(state, termOf(state.revision));
  }

  /** A controller that was restored from a backup has forgotten what it booked since. */
  #tellAll(state: Readonly<JournalState>, term: number): void {
    for (const meter of state.meters.values()) {
      if (meter.upload > 0n || meter.download > 0n) this.#dirtyDevices.add(meter.deviceId);
    }
    for (const id of state.accounts.keys()) this.#dirtySubscriptions.add(id);
    for (const periods of state.closed.values()) {
      for (const closed of periods.values()) this.#dirtyClosed.set(keyOf(closed), closed);
    }
    this.#term = term;
    this.#untold = new Set([
      ...[this.#dirtyDevices, this.#dirtySubscriptions].flatMap((ids) => [...ids]),
      ...this.#dirtyClosed.keys(),
    ]);
  }

  /** Notes what this round changes. `decided` are the subscriptions whose wanting is known now. */
  note(draft: Draft, memory: Memory, decided: ReadonlySet<string>): void {
    const term = termOf(draft.revision);
    if (term > this.#term) this.#tellAll(draft.journalled, term);
    for (const meter of draft.changedMeters) {
      if (meter.upload + meter.download > 0n) this.#dirtyDevices.add(meter.deviceId);
    }
    for (const closed of draft.changedClosed) {
      this.#dirtyClosed.set(keyOf(closed), closed);
      this.#booked.delete(keyOf(closed));
      this.#urgent = true;
    }
    for (const { subscriptionId } of draft.changedAccounts) this.#consider(draft, memory, subscriptionId);
    for (const id of decided) this.#consider(draft, memory, id);
    if (draft.erases) this.#leaveOutErased(draft);
  }

  #leaveOutErased(draft: Draft): void {
    for (const id of this.#dirtyDevices) {
      const subscriptionId = draft.meter(id)?.subscriptionId;
      if (subscriptionId !== undefined && !draft.isErasing(subscriptionId)) continue;
      this.#dirtyDevices.delete(id);
      this.#untold.delete(id);
    }
    for (const id of this.#dirtySubscriptions) {
      if (!draft.isErasing(id)) continue;
      this.#dirtySubscriptions.delete(id);
      this.#untold.delete(id);
      this.#said.delete(id);
    }
    for (const [key, { subscriptionId }] of this.#dirtyClosed) {
      if (!draft.isErasing(subscriptionId)) continue;
      this.#dirtyClosed.delete(key);
      this.#untold.delete(key);
    }
  }

  /** When a report of usage alone may go; undefined when there is nothing to say. */
  dueAt(): number | undefined {
    if (this.#urgent || this.#term > this.#toldTerm) return Number.NEGATIVE_INFINITY;
    return this.#isEmpty ? undefined : this.#lastAt + usageIntervalMs;
  }

  /**
   * The next report, to be journalled with this round's change; undefined when none is due. Only to be called when the
   * one before is booked: then what was kept only for it is forgotten in this change.
   */
  freeze(draft: Draft, memory: Memory, number: bigint, now: number): PendingReport | undefined {
    this.#forgetBooked(draft);
    const due = this.dueAt();
    if (due === undefined || due > now) return undefined;
    this.#chosen = this.#choose(draft);
    const { devices, subscriptions, closed } = this.#chosen;
    const bytes = toBinary(
      ReportRequestSchema,
      create(ReportRequestSchema, {
        number,
        term: this.#tells(this.#chosen) ? this.#term : 0,
        devices: [...closed.flatMap(devicesOf), ...devices].map(({ deviceId, period, upload, download }) => ({
          deviceId,
          period,
          uploadBytes: upload,
          downloadBytes: download,
        })),
        subscriptions: [
          ...closed.map(
            ({ subscriptionId, period, since, granted, voucher, writtenOff, released, recall }) => ({
              subscriptionId,
              period,
              since,
              grantedBytes: granted,
              voucher: toBytes(voucher),
              writtenOffBytes: writtenOff,
              releasedBytes: released,
              recall,
              over: true,
            }),
          ),
          ...subscriptions.map((id) => {
            const said = this.#sayable(draft, memory, id);
            return {
              subscriptionId: id,
              period: said.period,
              since: said.since,
              grantedBytes: said.granted,
              voucher: toBytes(said.voucher),
              writtenOffBytes: said.writtenOff,
              releasedBytes: said.released,
              recall: said.recall,
              wanting: said.wanting,
              rate: BigInt(Math.round(activityOf(memory, id).bytesPerSecond)),
            };
          }),
        ],
      }),
    );
    return { number, bytes };
  }

  /** The report that `freeze` made is in the journal. */
  frozen(draft: Draft, memory: Memory, now: number): void {
    const { devices, subscriptions, closed } = this.#chosen;
    for (const id of subscriptions) this.#said.set(id, this.#sayable(draft, memory, id));
    for (const { deviceId } of devices) this.#dirtyDevices.delete(deviceId);
    for (const id of subscriptions) this.#dirtySubscriptions.delete(id);
    for (const each of closed) this.#dirtyClosed.delete(keyOf(each));
    if (this.#tells(this.#chosen)) this.#toldTerm = this.#term;
    for (const key of keysOf(this.#chosen)) this.#untold.delete(key);
    this.#sent = this.#chosen;
    this.#chosen = nothing;
    // The rest of what did not go into one message.
    this.#urgent = !this.#isEmpty;
    this.#lastAt = now;
  }

  /** Nothing is left untold after this. */
  #tells(chosen: Chosen): boolean {
    const now = new Set(keysOf(chosen));
    return [...this.#untold].every((key) => now.has(key));
  }

  get #isEmpty(): boolean {
    return [this.#dirtyDevices, this.#dirtySubscriptions, this.#dirtyClosed].every(({ size }) => size === 0);
  }

  /** As much as goes into one message; a device always together with its subscription. */
  #choose(draft: Draft): Chosen {
    let left = mostEntries;
    const closed: ClosedPeriod[] = [];
    for (const each of this.#dirtyClosed.values()) {
      if (left <= 0) break;
      closed.push(each);
      left -= 1 + each.devices.length;
    }
    const devices: Meter[] = [];
    const subscriptions = new Set<string>();
    for (const id of this.#dirtyDevices) {
      if (left <= 0) break;
      const meter = draft.meter(id);
      if (meter === undefined) continue;
      devices.push(meter);
      subscriptions.add(meter.subscriptionId);
      left -= 2;
    }
    for (const id of this.#dirtySubscriptions) {
      if (left <= 0) break;
      subscriptions.add(id);
      left -= 1;
    }
    return { devices, subscriptions: [...subscriptions], closed };
  }

  #forgetBooked(draft: Draft): void {
    const { closed } = this.#sent;
    this.#sent = nothing;
    for (const each of closed) if (!this.#dirtyClosed.has(keyOf(each))) this.#booked.add(keyOf(each));
    const ids = new Set([...closed, ...draft.changedClosed].map(({ subscriptionId }) => subscriptionId));
    for (const id of ids) {
      const { period } = draft.account(id);
      for (const old of draft.journalledClosed(id)) {
        if (old.period < period - keptPeriods && this.#booked.delete(keyOf(old))) draft.forget(old);
      }
    }
  }

  #consider(draft: Draft, memory: Memory, id: string): void {
    const said = this.#said.get(id);
    const now = this.#sayable(draft, memory, id);
    if (said === undefined) {
      const news = now.wanting || now.released > 0n || now.writtenOff > 0n || now.recall > 0;
      if (news) this.#mark(id, true);
      else if (now.since < now.period) this.#mark(id, false);
      return;
    }
    const turned = said.period !== now.period;
    const moved =
      !turned &&
      (said.released !== now.released || said.writtenOff !== now.writtenOff || said.recall !== now.recall);
    // A grant that came and is wanted again: the controller must hear that it was not enough.
    const asks = now.wanting && (!said.wanting || said.granted !== now.granted);
    if (moved || asks) this.#mark(id, true);
    else if (turned || said.wanting !== now.wanting) this.#mark(id, false);
  }

  #mark(id: string, urgent: boolean): void {
    this.#dirtySubscriptions.add(id);
    this.#urgent ||= urgent;
  }

  #sayable(draft: Draft, memory: Memory, id: string): Said {
    const { period, since, granted, voucher, writtenOff, released, recall } = draft.account(id);
    return {
      period,
      since,
      granted,
      voucher,
      writtenOff,
      released,
      recall,
      wanting: memory.wantingSince.has(id),
    };
  }
}

function toBytes(voucher: string | undefined): Uint8Array {
  return Buffer.from(voucher ?? '', 'base64');
}

function keyOf({ subscriptionId, period }: ClosedPeriod): string {
  return `${subscriptionId} ${period}`;
}

function keysOf({ devices, subscriptions, closed }: Chosen): string[] {
  return [...devices.map(({ deviceId }) => deviceId), ...subscriptions, ...closed.map(keyOf)];
}

function devicesOf({ period, devices }: ClosedPeriod) {
  return devices.map((device) => ({ ...device, period }));
}
