import { create, toBinary } from '@bufbuild/protobuf';
import { ReportRequestSchema } from '../../common/gen/turnpike/v1/usage_pb.ts';
import type { JournalState } from '../journal/state.ts';
import type { PendingReport } from '../south/ports.ts';
import type { Draft } from './draft.ts';
import { activityOf, type Memory } from './memory.ts';

/** Usage that nobody waits for is reported at most this often. */
const usageIntervalMs = 5_000;

interface Said {
  readonly granted: bigint;
  readonly writtenOff: bigint;
  readonly released: bigint;
  readonly recall: number;
  readonly wanting: boolean;
}

/**
 * Collects what the controller does not know yet. One report is under way at a time; what comes meanwhile waits for
 * the next: figures are totals, so nothing piles up while the controller is away.
 */
export class Reports {
  readonly #dirtyDevices = new Set<string>();
  readonly #dirtySubscriptions = new Set<string>();
  readonly #said = new Map<string, Said>();
  #urgent = false;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** After a start nobody remembers what was said: all is said again, and changes nothing where it was booked. */
  constructor(state: Readonly<JournalState>) {
    for (const meter of state.meters.values()) {
      if (meter.upload > 0n || meter.download > 0n) this.#dirtyDevices.add(meter.deviceId);
    }
    for (const id of state.accounts.keys()) this.#dirtySubscriptions.add(id);
  }

  /** Notes what this round changes. `decided` are the subscriptions whose wanting is known now. */
  note(draft: Draft, memory: Memory, decided: ReadonlySet<string>): void {
    for (const meter of draft.changedMeters) {
      if (draft.used(meter.subscriptionId) > 0n) this.#dirtyDevices.add(meter.deviceId);
    }
    for (const { subscriptionId } of draft.changedAccounts) this.#consider(draft, memory, subscriptionId);
    for (const id of decided) this.#consider(draft, memory, id);
  }

  /** When a report of usage alone may go; undefined when there is nothing to say. */
  dueAt(): number | undefined {
    if (this.#urgent) return Number.NEGATIVE_INFINITY;
    const empty = this.#dirtyDevices.size === 0 && this.#dirtySubscriptions.size === 0;
    return empty ? undefined : this.#lastAt + usageIntervalMs;
  }

  /** The next report, to be journalled with this round's change; undefined when none is due. */
  freeze(draft: Draft, memory: Memory, number: bigint, now: number): PendingReport | undefined {
    const due = this.dueAt();
    if (due === undefined || due > now) return undefined;
    const devices = [...this.#dirtyDevices].flatMap((id) => draft.meter(id) ?? []);
    for (const { subscriptionId } of devices) this.#dirtySubscriptions.add(subscriptionId);
    const subscriptions = [...this.#dirtySubscriptions];
    const bytes = toBinary(
      ReportRequestSchema,
      create(ReportRequestSchema, {
        number,
        devices: devices.map(({ deviceId, upload, download }) => ({
          deviceId,
          uploadBytes: upload,
          downloadBytes: download,
        })),
        subscriptions: subscriptions.map((id) => {
          const said = this.#sayable(draft, memory, id);
          return {
            subscriptionId: id,
            grantedBytes: said.granted,
            writtenOffBytes: said.writtenOff,
            releasedBytes: said.released,
            recall: said.recall,
            wanting: said.wanting,
            rate: BigInt(Math.round(activityOf(memory, id).bytesPerSecond)),
          };
        }),
      }),
    );
    return { number, bytes };
  }

  /** The report that `freeze` made is in the journal. */
  frozen(draft: Draft, memory: Memory, now: number): void {
    for (const id of this.#dirtyDevices) {
      const subscriptionId = draft.meter(id)?.subscriptionId;
      if (subscriptionId !== undefined) this.#dirtySubscriptions.add(subscriptionId);
    }
    for (const id of this.#dirtySubscriptions) this.#said.set(id, this.#sayable(draft, memory, id));
    this.#dirtyDevices.clear();
    this.#dirtySubscriptions.clear();
    this.#urgent = false;
    this.#lastAt = now;
  }

  #consider(draft: Draft, memory: Memory, id: string): void {
    const said = this.#said.get(id);
    const now = this.#sayable(draft, memory, id);
    if (said === undefined) {
      const news = now.wanting || now.released > 0n || now.writtenOff > 0n || now.recall > 0;
      if (news) this.#mark(id, true);
      return;
    }
    const moved =
      said.released !== now.released || said.writtenOff !== now.writtenOff || said.recall !== now.recall;
    // A grant that came and is wanted again: the controller must hear that it was not enough.
    const asks = now.wanting && (!said.wanting || said.granted !== now.granted);
    if (moved || asks) this.#mark(id, true);
    else if (said.wanting !== now.wanting) this.#mark(id, false);
  }

  #mark(id: string, urgent: boolean): void {
    this.#dirtySubscriptions.add(id);
    this.#urgent ||= urgent;
  }

  #sayable(draft: Draft, memory: Memory, id: string): Said {
    const { granted, writtenOff, released, recall } = draft.account(id);
    return { granted, writtenOff, released, recall, wanting: memory.wantingSince.has(id) };
  }
}
