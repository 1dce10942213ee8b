import { takeDeviceKeys } from '../catalogue/device-keys.ts';
import type { Tx } from '../store/store.ts';
import { refuseOthersDevice } from './device-line.ts';
import type { DeviceLine, Line, SubscriptionLine } from './line.ts';
import type { Told } from './plain-lines.ts';
import { refuseOtherAccount } from './subscription-line.ts';

/** What chunks before this one would have made, and a dry run has undone: lines that come back to it are told by this. */
export class Expected {
  /** Their accounts, by reference. */
  readonly #subscriptions = new Map<string, string>();
  readonly #accounts = new Set<string>();
  /** Their subscriptions as they were named, by public key. */
  readonly #devices = new Map<string, string>();

  /** This line would have made something. */
  made(line: Line): void {
    if (line.type === 'device') {
      this.#devices.set(line.publicKey, line.subscription);
      return;
    }
    this.#accounts.add(line.account);
    if (line.reference !== null) this.#subscriptions.set(line.reference, line.account);
  }

  /** undefined: it is for the books to tell. @throws TurnpikeError for a line that cannot be meant */
  async tell(tx: Tx, line: Line): Promise<Told | undefined> {
    return line.type === 'subscription' ? this.#tellSubscription(line) : this.#tellDevice(tx, line);
  }

  #tellSubscription({ reference, account }: SubscriptionLine): Told | undefined {
    const owner = reference === null ? undefined : this.#subscriptions.get(reference);
    if (owner === undefined) return undefined;
    if (owner !== account) refuseOtherAccount(reference ?? '');
    return { subscription: undefined, outcome: 'unchanged', differences: [] };
  }

  async #tellDevice(tx: Tx, { publicKey, subscription }: DeviceLine): Promise<Told | undefined> {
    const owner = this.#devices.get(publicKey);
    if (owner === subscription) return { subscription: undefined, outcome: 'unchanged', differences: [] };
    if (owner !== undefined) refuseOthersDevice();
    if (!this.#subscriptions.has(subscription) && !this.#accounts.has(subscription)) return undefined;
    await takeDeviceKeys(tx, { publicKey });
    return { subscription: undefined, outcome: 'created', differences: [] };
  }
}
