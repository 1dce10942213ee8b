import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import { type Account, newAccount } from '../grants/account.ts';
import type { ClosedPeriod } from '../grants/period.ts';
import type { JournalChange, JournalState } from '../journal/state.ts';
import { type Meter, newMeter, turnMeter, usedBytes } from '../meter/meter.ts';
import type { Memory } from './memory.ts';

type Writable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/**
 * One round's change of the journal in the making: what is asked of it is the journal's state with the change on top.
 * Nothing is done to either until the change is committed.
 */
export class Draft {
  readonly #state: Readonly<JournalState>;
  readonly #memory: Memory;
  readonly #devices = new Map<string, DesiredDevice | undefined>();
  readonly #subscriptions = new Map<string, DesiredSubscription | undefined>();
  readonly #meters = new Map<string, Meter>();
  readonly #accounts = new Map<string, Account>();
  readonly #closed = new Map<string, ClosedPeriod>();
  readonly #forgotten: ClosedPeriod[] = [];
  readonly #erasing = new Map<string, bigint>();
  readonly #used = new Map<string, bigint>();
  readonly #usedMore = new Map<string, bigint>();
  /** The rest of the change. */
  readonly other: Writable<
    Pick<
      JournalChange,
      'revision' | 'validUntil' | 'refused' | 'applying' | 'acknowledged' | 'report' | 'past' | 'time'
    >
  > = {};

  constructor(state: Readonly<JournalState>, memory: Memory) {
    this.#state = state;
    this.#memory = memory;
  }

  /** The state that is on disk, without this change. */
  get journalled(): Readonly<JournalState> {
    return this.#state;
  }

  /** The controller's, that is reached with this change. */
  get revision(): bigint {
    return this.other.revision ?? this.#state.revision;
  }

  device(id: string): DesiredDevice | undefined {
    return this.#devices.has(id) ? this.#devices.get(id) : this.#state.devices.get(id);
  }

  putDevice(id: string, device: DesiredDevice | undefined): void {
    this.#devices.set(id, device);
  }

  /** All devices that are desired. */
  *devices(): Iterable<DesiredDevice> {
    for (const device of this.#state.devices.values()) {
      if (!this.#devices.has(device.id)) yield device;
    }
    for (const device of this.#devices.values()) {
      if (device) yield device;
    }
  }

  /** All subscriptions that are desired, or have an account here. */
  subscriptionIds(): Set<string> {
    return new Set([
      ...this.#state.subscriptions.keys(),
      ...this.#state.accounts.keys(),
      ...this.#subscriptions.keys(),
      ...this.#memory.members.keys(),
    ]);
  }

  subscription(id: string): DesiredSubscription | undefined {
    return this.#subscriptions.has(id) ? this.#subscriptions.get(id) : this.#state.subscriptions.get(id);
  }

  putSubscription(id: string, subscription: DesiredSubscription | undefined): void {
    this.#subscriptions.set(id, subscription);
  }

  /** Whether there is any trace of it here. */
  holds(subscriptionId: string): boolean {
    if (this.knownAccount(subscriptionId) !== undefined || this.#state.closed.has(subscriptionId))
      return true;
    return [...this.devices(), ...this.#state.meters.values()].some(
      (trace) => trace.subscriptionId === subscriptionId,
    );
  }

  /** Removes it with its devices, and marks it to be erased once nothing needs it any more. Returns the devices. */
  erase(subscriptionId: string): string[] {
    const devices = [...this.devices()].filter((device) => device.subscriptionId === subscriptionId);
    for (const { id } of devices) this.putDevice(id, undefined);
    this.putSubscription(subscriptionId, undefined);
    if (!this.isErasing(subscriptionId)) this.#erasing.set(subscriptionId, this.#state.lastReport);
    return devices.map(({ id }) => id);
  }

  /** Nothing is reported of it any more. */
  isErasing(subscriptionId: string): boolean {
    return this.#erasing.has(subscriptionId) || this.#state.erasing.has(subscriptionId);
  }

  get erases(): boolean {
    return this.#erasing.size > 0 || this.#state.erasing.size > 0;
  }

  meter(deviceId: string): Meter | undefined {
    return this.#meters.get(deviceId) ?? this.#state.meters.get(deviceId);
  }

  meterOf(device: DesiredDevice): Meter {
    const { id, subscriptionId } = device;
    return this.meter(id) ?? newMeter(id, subscriptionId, this.account(subscriptionId).period);
  }

  putMeter(meter: Meter): void {
    const before = this.meter(meter.deviceId);
    const growth = usedBytes(meter) - (before ? usedBytes(before) : 0n);
    if (growth !== 0n) {
      const id = meter.subscriptionId;
      this.#used.set(id, this.used(id) + growth);
      this.#usedMore.set(id, (this.#usedMore.get(id) ?? 0n) + growth);
    }
    this.#meters.set(meter.deviceId, meter);
  }

  account(subscriptionId: string): Account {
    return this.knownAccount(subscriptionId) ?? newAccount(subscriptionId);
  }

  /** Undefined when the subscription was never heard of here. */
  knownAccount(subscriptionId: string): Account | undefined {
    return this.#accounts.get(subscriptionId) ?? this.#state.accounts.get(subscriptionId);
  }

  putAccount(account: Account): void {
    const same = this.account(account.subscriptionId) === account;
    if (!same) this.#accounts.set(account.subscriptionId, account);
  }

  /** Bytes used in the current period. */
  used(subscriptionId: string): bigint {
    return this.#used.get(subscriptionId) ?? this.#memory.used.get(subscriptionId) ?? 0n;
  }

  /** Subscriptions whose usage grew in this round, by how much; in whichever period. */
  get usedMore(): ReadonlyMap<string, bigint> {
    return this.#usedMore;
  }

  /** Of all subscriptions whose usage in the current period is another one now. */
  get usedNow(): ReadonlyMap<string, bigint> {
    return this.#used;
  }

  /**
   * Another period begins: the device's totals start at zero. What it used before is a matter of the period that is
   * over ({@link putClosed}).
   */
  turnMeter(meter: Meter, period: number): Meter {
    const { upload, download } = meter;
    if (meter.period === period) return meter;
    const past = this.other.past ?? this.#state.past;
    if (upload + download > 0n) {
      this.other.past = { ...past, upload: past.upload + upload, download: past.download + download };
    }
    const turned = turnMeter(meter, period);
    this.#meters.set(meter.deviceId, turned);
    return turned;
  }

  /** The account of a period that begins, with nothing used yet. */
  turnAccount(next: Account): void {
    const { writtenOff } = this.account(next.subscriptionId);
    const past = this.other.past ?? this.#state.past;
    if (writtenOff > 0n) this.other.past = { ...past, writtenOff: past.writtenOff + writtenOff };
    this.#accounts.set(next.subscriptionId, next);
    this.#used.set(next.subscriptionId, 0n);
  }

  closed(subscriptionId: string, period: number): ClosedPeriod | undefined {
    return (
      this.#closed.get(`${subscriptionId} ${period}`) ?? this.#state.closed.get(subscriptionId)?.get(period)
    );
  }

  /** Periods of a subscription that are over, as they are on disk. */
  journalledClosed(subscriptionId: string): Iterable<ClosedPeriod> {
    return this.#state.closed.get(subscriptionId)?.values() ?? [];
  }

  putClosed(closed: ClosedPeriod): void {
    this.#closed.set(`${closed.subscriptionId} ${closed.period}`, closed);
  }

  forget(closed: ClosedPeriod): void {
    this.#forgotten.push(closed);
  }

  get changedMeters(): Iterable<Meter> {
    return this.#meters.values();
  }

  get changedAccounts(): Iterable<Account> {
    return this.#accounts.values();
  }

  get changedClosed(): Iterable<ClosedPeriod> {
    return this.#closed.values();
  }

  change(): JournalChange {
    const removed = (items: Map<string, unknown>) =>
      [...items].flatMap(([id, item]) => (item === undefined ? [id] : []));
    const defined = <Item>(items: Map<string, Item | undefined>) =>
      [...items.values()].filter((item) => item !== undefined);
    return {
      ...this.other,
      removedDevices: removed(this.#devices),
      removedSubscriptions: removed(this.#subscriptions),
      devices: defined(this.#devices),
      subscriptions: defined(this.#subscriptions),
      meters: [...this.#meters.values()],
      accounts: [...this.#accounts.values()],
      closed: [...this.#closed.values()],
      forgotten: this.#forgotten,
      erasing: this.#erasing,
    };
  }

  get isEmpty(): boolean {
    return (
      Object.keys(this.other).length === 0 &&
      this.#forgotten.length === 0 &&
      this.#erasing.size === 0 &&
      [this.#devices, this.#subscriptions, this.#meters, this.#accounts, this.#closed].every(
        (items) => items.size === 0,
      )
    );
  }
}
