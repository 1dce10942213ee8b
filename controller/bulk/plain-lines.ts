import { newId } from '../../common/ids.ts';
import { parsePublicKey } from '../../common/wireguard-key.ts';
import type { Context } from '../books/context.ts';
import { insertAccounts, type PlannedAccount } from '../catalogue/accounts.ts';
import { insertDevices, type PlannedDevice, parseDevice } from '../catalogue/add-device.ts';
import { makePresharedKey } from '../catalogue/device-keys.ts';
import {
  insertSubscriptions,
  type PlannedSubscription,
  planSubscription,
} from '../catalogue/insert-subscription.ts';
import { parseReference } from '../catalogue/words.ts';
import type { Tx } from '../store/store.ts';
import { compareSettings, wishOf as deviceWishOf } from './device-line.ts';
import type { Known, KnownSubscription } from './known.ts';
import type { DeviceLine, Line, SubscriptionLine } from './line.ts';
import type { Difference, Outcome } from './result.ts';
import { compareTold, wishOf } from './subscription-line.ts';

/** What a line comes to. */
export interface Told {
  /** Id of the subscription that it is of; undefined: there is none. */
  readonly subscription: string | undefined;
  readonly outcome: Outcome;
  readonly differences: readonly Difference[];
}

/**
 * Lines that are plainly new or plainly as the books have it, which nearly all are: of those nothing is asked one by
 * one, and what is new is stored together. All others are left to whoever looks at the books for each of them.
 */
export class PlainLines {
  readonly #context: Context;
  readonly #known: Known;
  #accounts: PlannedAccount[] = [];
  #subscriptions: PlannedSubscription[] = [];
  #devices: PlannedDevice[] = [];

  constructor(context: Context, known: Known) {
    this.#context = context;
    this.#known = known;
  }

  /**
   * undefined: it is not one of them. What is new of it counts for the lines after it.
   * @throws TurnpikeError for a line that cannot be meant
   */
  take(line: Line): Told | undefined {
    if (namesIn(line).some((name) => this.#known.aside.has(name))) return undefined;
    return line.type === 'subscription' ? this.#takeSubscription(line) : this.#takeDevice(line);
  }

  /** The books were changed by this line, which was none of them: lines that speak of the same are none either. */
  leave(line: Line, subscription: string | undefined): void {
    const { aside } = this.#known;
    for (const name of namesIn(line)) aside.add(name);
    if (subscription !== undefined) aside.add(subscription);
    if (line.type === 'device') this.#known.slotsLeft -= 1;
  }

  /** Stores what is new so far. */
  async store(tx: Tx): Promise<void> {
    await insertAccounts(tx, this.#accounts, this.#context.clock.now());
    await insertSubscriptions(tx, this.#subscriptions);
    await insertDevices(this.#context, tx, this.#devices);
    this.#accounts = [];
    this.#subscriptions = [];
    this.#devices = [];
  }

  #takeSubscription(line: SubscriptionLine): Told | undefined {
    const { tariffs, subscriptions, aside } = this.#known;
    const tariff = tariffs.get(line.tariff);
    const named = line.reference ?? line.id;
    if (tariff === undefined || named === undefined) return undefined;
    const found = subscriptions.get(named);
    if (found !== undefined) {
      const { row, account } = found;
      const itself = line.id === undefined || line.id === row.id;
      if (!itself || aside.has(row.id) || row.tariff_id !== tariff.id) return undefined;
      const same = compareTold(line, row, { id: row.account_id, reference: account }).length === 0;
      return same ? unchanged(row.id) : undefined;
    }
    // Volume that is sold from a budget is taken from it line by line.
    if (line.reference === null || line.id !== undefined || this.#context.seller !== undefined) {
      return undefined;
    }
    const reference = parseReference(line.reference);
    const account = this.#accountOf(line);
    if (this.#hasNamesake(reference, account)) return undefined;
    const planned = planSubscription(this.#context, account.id, tariff, { ...wishOf(line), reference });
    if (account.created !== undefined) {
      this.#accounts.push(account.created);
      this.#known.accounts.set(account.created.reference, account.created);
    }
    this.#subscriptions.push(planned);
    const { subscription: row } = planned;
    const one = { row, account: account.reference, devices: 0 };
    subscriptions.set(row.id, one).set(reference, one);
    return created(row.id);
  }

  #accountOf(line: SubscriptionLine): { id: string; reference: string; created?: PlannedAccount } {
    const known = this.#known.accounts.get(line.account);
    if (known !== undefined) return known;
    const account = { id: newId('acc'), reference: parseReference(line.account) };
    return { ...account, created: account };
  }

  /** Whether an account has the reference of the subscription, or a subscription that of the account: some may not be. */
  #hasNamesake(reference: string, account: { id: string; reference: string }): boolean {
    const { accounts, subscriptions } = this.#known;
    const namesake = accounts.get(reference) ?? account;
    const other = subscriptions.get(account.reference)?.row.account_id ?? account.id;
    return namesake.id !== account.id || other !== account.id;
  }

  #takeDevice(line: DeviceLine): Told | undefined {
    const { accounts, devices, subscriptions, aside } = this.#known;
    const found = subscriptions.get(line.subscription);
    if (found === undefined || aside.has(found.row.id)) return undefined;
    const namesake = accounts.get(line.subscription);
    if (namesake !== undefined && namesake.id !== found.row.account_id) return undefined;
    const device = devices.get(line.publicKey);
    if (device !== undefined) {
      const same = device.subscription_id === found.row.id && compareSettings(line, device).length === 0;
      return same ? unchanged(found.row.id) : undefined;
    }
    if (!this.#hasRoom(line, found)) return undefined;
    const { label = null, platform = null, publicKey = '' } = parseDevice(deviceWishOf(line));
    this.#devices.push({
      id: newId('dev'),
      subscription_id: found.row.id,
      public_key: parsePublicKey(publicKey),
      presharedKey: makePresharedKey(),
      hardware_hash: null,
      label,
      platform,
    });
    devices.set(publicKey, { subscription_id: found.row.id, label, platform });
    found.devices += 1;
    this.#known.slotsLeft -= 1;
    return created(found.row.id);
  }

  /** Plainly: whether it is the same hardware again, and which limit there is, is asked where that may be. */
  #hasRoom({ hardwareId }: DeviceLine, { row, devices }: KnownSubscription): boolean {
    const tariff = this.#known.tariffs.get(row.tariff_id);
    if (tariff === undefined || tariff.require_hardware_id === 1 || hardwareId !== undefined) return false;
    if (row.cancelled_at !== null || this.#known.slotsLeft < 1) return false;
    // Two limits there are then.
    if (row.next_tariff_id !== null) return false;
    return tariff.max_devices === null || devices < tariff.max_devices;
  }
}

function namesIn(line: Line): string[] {
  return line.type === 'device'
    ? [line.subscription, line.publicKey]
    : [line.reference ?? '', line.id ?? '', line.account];
}

function unchanged(subscription: string): Told {
  return { subscription, outcome: 'unchanged', differences: [] };
}

function created(subscription: string): Told {
  return { subscription, outcome: 'created', differences: [] };
}
