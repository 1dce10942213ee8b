import { desiredDigest } from '../../common/desired-digest.ts';
import { TurnpikeError } from '../../common/errors.ts';
import type { DesiredDelta, NodeSettings } from '../desired/state.ts';
import type { Journal } from '../journal/journal.ts';
import type { DesiredSink, PendingReport, Refusal, ReportSource } from '../south/ports.ts';
import type { ControllerTime } from '../time/controller-time.ts';
import type { Hearing } from './hearing.ts';
import type { Validity } from './validity.ts';

export interface Batch {
  readonly deltas: readonly DesiredDelta[];
  readonly revision: bigint;
  /** It names everything: what is held beside it goes. */
  readonly whole: boolean;
  resolve(result: { refusals: readonly Refusal[] }): void;
}

/** What came in since the last round. */
export interface News {
  readonly settings: NodeSettings | undefined;
  readonly batches: readonly Batch[];
  /** Devices that sent and were refused. */
  readonly knocks: ReadonlySet<string>;
  /** Somebody touched the gate, or something passed that wants a reading. */
  readonly gateEvent: boolean;
  /** Quotas that ran dry, by name. */
  readonly dry: ReadonlySet<string>;
  /** The controller's clock says something else than was thought. */
  readonly timeMoved: boolean;
  /** What WireGuard said last of who was heard, when that is news. */
  readonly hearing: Hearing | undefined;
  /** Ends when the controller has said something newer. */
  readonly superseded: AbortSignal;
}

/** Where everything that wants the loop's attention comes in; the loop takes it when it gets to it. */
export class Inbox implements DesiredSink, ReportSource {
  readonly #journal: Journal;
  readonly #validity: Validity;
  readonly #time: ControllerTime;
  readonly #wake: () => void;
  readonly #listeners: (() => void)[] = [];
  #settings: NodeSettings | undefined;
  #batches: Batch[] = [];
  #knocks = new Set<string>();
  #gateEvent = false;
  #dry = new Set<string>();
  #timeMoved = false;
  #hearing: Hearing | undefined;
  #superseded = new AbortController();
  #acknowledged = 0n;
  #closed = false;
  readonly #erased = new Set<() => void>();
  readonly #unanswered = new Set<(error: TurnpikeError) => void>();

  constructor(journal: Journal, validity: Validity, time: ControllerTime, wake: () => void) {
    this.#journal = journal;
    this.#validity = validity;
    this.#time = time;
    this.#wake = wake;
  }

  revision(): bigint {
    return this.#journal.state.revision;
  }

  digest(): Uint8Array {
    const { devices, subscriptions } = this.#journal.state;
    return desiredDigest(devices.values(), subscriptions.values());
  }

  settings(settings: NodeSettings): void {
    this.#settings = settings;
    this.#superseded.abort();
    this.#wake();
  }

  apply(
    deltas: readonly DesiredDelta[],
    revision: bigint,
    whole = false,
  ): Promise<{ refusals: readonly Refusal[] }> {
    const known = this.#batches.at(-1)?.revision ?? this.revision();
    if (revision < known) return Promise.reject(fromBefore(revision, known));
    const { promise, resolve, reject } = Promise.withResolvers<{ refusals: readonly Refusal[] }>();
    this.#unanswered.add(reject);
    this.#batches.push({ deltas, revision, whole, resolve });
    this.#superseded.abort();
    if (this.#closed) this.close();
    else this.#wake();
    return promise.finally(() => this.#unanswered.delete(reject));
  }

  async erased(): Promise<bigint> {
    while (this.#journal.state.erasing.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#erased.add(resolve);
      await promise;
    }
    return this.revision();
  }

  time(timeMs: number, first: boolean): void {
    if (first) this.#time.begin();
    if (!this.#time.heard(timeMs)) return;
    this.#timeMoved = true;
    this.#wake();
  }

  heard(upToDate: boolean): void {
    const wasOver = this.#validity.remainingMs() === 0 || this.#validity.patienceMs() === 0;
    this.#validity.heard(upToDate);
    if (wasOver) this.#wake();
  }

  refused(): void {
    this.#validity.refuse();
    this.#wake();
  }

  next(): PendingReport | undefined {
    const { report } = this.#journal.state;
    return report && report.number > this.#acknowledged ? report : undefined;
  }

  acknowledged(number: bigint): void {
    if (number <= this.#acknowledged) return;
    this.#acknowledged = number;
    this.#wake();
  }

  onPending(listener: () => void): void {
    this.#listeners.push(listener);
  }

  knock(deviceIds: Iterable<string>): void {
    for (const id of deviceIds) this.#knocks.add(id);
    if (this.#knocks.size > 0) this.#wake();
  }

  hear(hearing: Hearing): void {
    this.#hearing = hearing;
    this.#wake();
  }

  gateTouched(): void {
    this.#gateEvent = true;
    this.#wake();
  }

  ranDry(quota: string): void {
    this.#dry.add(quota);
    this.#wake();
  }

  /** The loop ends: who waits for something to be in force waits no longer. */
  close(): void {
    this.#closed = true;
    const error = new TurnpikeError('unavailable', 'the agent is stopping');
    for (const reject of this.#unanswered) reject(error);
  }

  /** Something was erased. */
  announceErased(): void {
    for (const resolve of this.#erased) resolve();
    this.#erased.clear();
  }

  /** A report is in the journal. */
  announceReport(): void {
    for (const listener of this.#listeners) listener();
  }

  /** The number up to which reports need not be kept. */
  get booked(): bigint {
    return this.#acknowledged;
  }

  take(): News {
    this.#superseded = new AbortController();
    const news: News = {
      settings: this.#settings,
      batches: this.#batches,
      knocks: this.#knocks,
      gateEvent: this.#gateEvent,
      dry: this.#dry,
      timeMoved: this.#timeMoved,
      hearing: this.#hearing,
      superseded: this.#superseded.signal,
    };
    this.#settings = undefined;
    this.#batches = [];
    this.#knocks = new Set();
    this.#gateEvent = false;
    this.#dry = new Set();
    this.#timeMoved = false;
    this.#hearing = undefined;
    return news;
  }

  /** A round failed: what was not journalled comes again, before what came since. */
  putBack(news: Pick<News, 'settings' | 'batches'>): void {
    this.#settings ??= news.settings;
    this.#batches = [...news.batches, ...this.#batches];
  }
}

function fromBefore(revision: bigint, known: bigint): TurnpikeError {
  return new TurnpikeError(
    'invalid',
    `the controller is at revision ${revision}, and ${known} was heard before: its database was restored from a backup`,
    { remedy: 'stop it, run "turnpike-controller --restored" once and start it' },
  );
}
