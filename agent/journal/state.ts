import type { DesiredDevice, DesiredSubscription, NodeSettings } from '../desired/state.ts';
import type { Epoch } from '../gate/model.ts';
import type { Account } from '../grants/account.ts';
import type { ClosedPeriod } from '../grants/period.ts';
import type { Meter } from '../meter/meter.ts';
import type { PendingReport } from '../south/ports.ts';
import type { TimeTie } from '../time/controller-time.ts';

/** Whose journal it is: totals and grants are of one incarnation of one node. */
export interface Owner {
  readonly nodeId: string;
  readonly incarnation: number;
  /** It has had a journal: without that, what it has used is not known. */
  readonly journalBegun?: boolean;
}

/** All that the agent must know after a crash. */
export interface JournalState {
  settings: NodeSettings | undefined;
  revision: bigint;
  readonly devices: Map<string, DesiredDevice>;
  readonly subscriptions: Map<string, DesiredSubscription>;
  /** By device id; also of devices that were removed: those may be of an older period than their account. */
  readonly meters: Map<string, Meter>;
  /** By subscription id; also of subscriptions that were removed. */
  readonly accounts: Map<string, Account>;
  /** Periods that are over, by subscription id and number: the last two, and older ones that are not booked yet. */
  readonly closed: Map<string, Map<number, ClosedPeriod>>;
  /** Subscriptions that are to be erased, and the last report that may name them. */
  readonly erasing: Map<string, bigint>;
  /** All that was used and written off in periods that are over, for showing. */
  past: PastTotals;
  /** The life of the counters that the meters are tied to; undefined: there is none yet. */
  epoch: Epoch | undefined;
  epochs: number;
  /** Until when grants may be used without the controller, in milliseconds since 1970. */
  validUntil: number;
  /** The controller's clock, as it was heard. */
  time: TimeTie | undefined;
  /** The controller refuses this node: nothing passes until it is heard again. */
  refused: boolean;
  /** Set before the kernel is changed and cleared some time after: what is there may be of before or of after. */
  applying: boolean;
  report: PendingReport | undefined;
  /** The number of the last report that was frozen. */
  lastReport: bigint;
}

export interface PastTotals {
  readonly upload: bigint;
  readonly download: bigint;
  readonly writtenOff: bigint;
}

/** What one local transaction changes. What is not named stays. */
export interface JournalChange {
  readonly settings?: NodeSettings;
  readonly revision?: bigint;
  readonly removedDevices?: Iterable<string>;
  readonly removedSubscriptions?: Iterable<string>;
  readonly devices?: Iterable<DesiredDevice>;
  readonly subscriptions?: Iterable<DesiredSubscription>;
  readonly meters?: Iterable<Meter>;
  readonly accounts?: Iterable<Account>;
  readonly closed?: Iterable<ClosedPeriod>;
  readonly forgotten?: Iterable<Pick<ClosedPeriod, 'subscriptionId' | 'period'>>;
  /** To be erased, with the last report that may name it. */
  readonly erasing?: Iterable<readonly [string, bigint]>;
  /** Erased now: nothing of them stays. */
  readonly erased?: Iterable<string>;
  readonly past?: PastTotals;
  /** `null`: the counters are gone. */
  readonly epoch?: Epoch | null;
  readonly validUntil?: number;
  readonly time?: TimeTie;
  readonly refused?: boolean;
  readonly applying?: boolean;
  /** Booked by the controller up to this number. */
  readonly acknowledged?: bigint;
  readonly report?: PendingReport;
}

export function emptyState(): JournalState {
  return {
    settings: undefined,
    revision: 0n,
    devices: new Map(),
    subscriptions: new Map(),
    meters: new Map(),
    accounts: new Map(),
    closed: new Map(),
    erasing: new Map(),
    past: { upload: 0n, download: 0n, writtenOff: 0n },
    epoch: undefined,
    epochs: 0,
    validUntil: 0,
    time: undefined,
    refused: false,
    applying: false,
    report: undefined,
    lastReport: 0n,
  };
}

/** What {@link Journal.commit} wrote, done to the state in memory. */
export function applyChange(state: JournalState, change: JournalChange): void {
  for (const id of change.removedDevices ?? []) state.devices.delete(id);
  for (const id of change.removedSubscriptions ?? []) state.subscriptions.delete(id);
  for (const device of change.devices ?? []) state.devices.set(device.id, device);
  for (const item of change.subscriptions ?? []) state.subscriptions.set(item.id, item);
  for (const meter of change.meters ?? []) state.meters.set(meter.deviceId, meter);
  for (const account of change.accounts ?? []) state.accounts.set(account.subscriptionId, account);
  for (const period of change.closed ?? []) addClosed(state, period);
  for (const { subscriptionId, period } of change.forgotten ?? []) {
    state.closed.get(subscriptionId)?.delete(period);
  }
  for (const [id, report] of change.erasing ?? []) state.erasing.set(id, report);
  for (const id of change.erased ?? []) eraseSubscription(state, id);
  if (change.past) state.past = change.past;
  if (change.settings) state.settings = change.settings;
  if (change.revision !== undefined) state.revision = change.revision;
  if (change.epoch !== undefined) {
    state.epoch = change.epoch ?? undefined;
    if (change.epoch) state.epochs += 1;
  }
  if (change.validUntil !== undefined) state.validUntil = change.validUntil;
  if (change.time) state.time = change.time;
  if (change.refused !== undefined) state.refused = change.refused;
  if (change.applying !== undefined) state.applying = change.applying;
  if (change.acknowledged !== undefined && state.report && state.report.number <= change.acknowledged) {
    state.report = undefined;
  }
  if (change.report) {
    state.report = change.report;
    state.lastReport = change.report.number;
  }
}

export function addClosed({ closed }: JournalState, period: ClosedPeriod): void {
  const periods = closed.get(period.subscriptionId);
  if (periods) periods.set(period.period, period);
  else closed.set(period.subscriptionId, new Map([[period.period, period]]));
}

function eraseSubscription(state: JournalState, id: string): void {
  for (const { deviceId, subscriptionId } of state.meters.values()) {
    if (subscriptionId !== id) continue;
    state.meters.delete(deviceId);
    state.devices.delete(deviceId);
  }
  for (const items of [state.subscriptions, state.accounts, state.closed, state.erasing]) items.delete(id);
}
