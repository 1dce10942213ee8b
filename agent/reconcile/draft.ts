import type { DesiredDevice, DesiredSubscription } from '../desired/state.ts';
import { type Account, newAccount } from '../grants/account.ts';
import type { JournalChange, JournalState } from '../journal/state.ts';
import { type Meter, newMeter, usedBytes } from '../meter/meter.ts';
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
  readonly #usedMore = new Map<string, bigint>();
  /** The rest of the change. */
  readonly other: Writable<
    Pick<JournalChange, 'revision' | 'validUntil' | 'refused' | 'applying' | 'acknowledged' | 'report'>
  > = {};

  constructor(state: Readonly<JournalState>, memory: Memory) {
    this.#state = state;
    this.#memory = memory;
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

  meter(deviceId: string): Meter | undefined {
    return this.#meters.get(deviceId) ?? this.#state.meters.get(deviceId);
  }

  meterOf(device: DesiredDevice): Meter {
    return this.meter(device.id) ?? newMeter(device.id, device.subscriptionId);
  }

  putMeter(meter: Meter): void {
    const before = this.meter(meter.deviceId);
    const growth = usedBytes(meter) - (before ? usedBytes(before) : 0n);
    if (growth !== 0n) {
      const id = meter.subscriptionId;
      this.#usedMore.set(id, (this.#usedMore.get(id) ?? 0n) + growth);
    }
    this.#meters.set(meter.deviceId, meter);
  }

  account(subscriptionId: string): Account {
    return (
      this.#accounts.get(subscriptionId) ??
      this.#state.accounts.get(subscriptionId) ??
      newAccount(subscriptionId)
    );
  }

  putAccount(account: Account): void {
    const same = this.account(account.subscriptionId) === account;
    if (!same) this.#accounts.set(account.subscriptionId, account);
  }

  used(subscriptionId: string): bigint {
    return (this.#memory.used.get(subscriptionId) ?? 0n) + (this.#usedMore.get(subscriptionId) ?? 0n);
  }

  /** Subscriptions whose usage grew in this round. */
  get usedMore(): ReadonlyMap<string, bigint> {
    return this.#usedMore;
  }

  get changedMeters(): Iterable<Meter> {
    return this.#meters.values();
  }

  get changedAccounts(): Iterable<Account> {
    return this.#accounts.values();
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
    };
  }

  get isEmpty(): boolean {
    return (
      Object.keys(this.other).length === 0 &&
      [this.#devices, this.#subscriptions, this.#meters, this.#accounts].every((items) => items.size === 0)
    );
  }
}
