import type { Line, NumberedLine } from '../bulk/line.ts';
import type { BulkResult } from '../bulk/result.ts';
import type { ImportWish, ReconcileWish } from '../bulk/wish.ts';
import type { Event, EventFilter } from '../events/list.ts';
import type { TimesWish } from '../lifetime/agree.ts';
import type { Reach } from './reach.ts';
import type { RefundWish } from './refund.ts';
import type { TopUp } from './top-up.ts';
import type * as view from './views.ts';

/**
 * What operators and billing backends can do; the HTTP routes sit on it. Each call is one transaction: it happens as a
 * whole or not at all, and is durable when it resolves.
 *
 * Where a parameter says `node`, `tariff`, `group` or `account`, the id, or the name (an account's reference), is taken;
 * for a subscription its id or reference, or the account when that has one subscription.
 *
 * @throws TurnpikeError from every call: `invalid` for bad input, `not_found`, `conflict` (exists, or is in the wrong
 * state), `exhausted` (device limit, addresses, disk), `environment` (read-only disk).
 */
export interface Catalogue {
  /** The same, for somebody who may not see, change or sell everything. */
  within(reach: Reach): Catalogue;

  addAccount(input: NewAccount): Promise<view.Account>;
  /** @throws `conflict` while it is linked with others */
  setAccount(account: string, settings: AccountSettings): Promise<view.Account>;
  /** `search`: those whose reference begins so, in the order of references. */
  listAccounts(filter?: Search & PageFilter): Promise<view.Account[]>;
  getAccount(account: string, scope?: AccountScope): Promise<view.AccountDetail>;
  /** Unites the sets of accounts that both are linked with. @throws `conflict` for accounts with other tags */
  linkAccounts(account: string, other: string): Promise<view.Account>;
  /** Takes it out of its set; the others stay linked. */
  unlinkAccount(account: string): Promise<view.Account>;
  /** Closes all its subscriptions, also those that are created later. @throws `conflict` where it is suspended */
  suspendAccount(account: string, input: { reason: string } & AccountScope): Promise<view.AccountChange>;
  /**
   * Ends its suspension, and that of linked ones that were suspended together with it. What was suspended otherwise
   * stays so. @throws `conflict` where it is not suspended
   */
  resumeAccount(account: string, scope?: AccountScope): Promise<view.AccountChange>;

  /** `volumeBytes` null is unlimited; `group` is "default" unless given. */
  addTariff(input: NewTariff): Promise<view.Tariff>;
  listTariffs(page?: PageFilter): Promise<view.Tariff[]>;
  getTariff(tariff: string): Promise<view.Tariff>;
  /**
   * Changes what is given, for the tariff's subscriptions too.
   * @throws `conflict` for what cannot change under them: the period, and whether there is a volume at all.
   */
  setTariff(tariff: string, settings: TariffSettings): Promise<view.TariffChange>;
  /** @throws `conflict` while there are subscriptions to it, also ended ones: they refer to it. */
  removeTariff(tariff: string): Promise<view.Tariff>;

  createSubscription(input: NewSubscription): Promise<view.Subscription>;
  /** @throws `conflict` for another start or time zone of one that has started. */
  setSubscription(id: string, settings: SubscriptionSettings): Promise<view.Subscription>;
  /**
   * Puts off the expiry by some of the tariff's durations (or periods, where it has none), or until a time; one whose
   * service had ended goes on from now. The same call with the same `reference` again changes nothing and answers the
   * same.
   */
  renewSubscription(
    id: string,
    input: RenewalWish,
  ): Promise<{ renewal: view.Renewal; subscription: view.Subscription }>;
  /**
   * Gives it another tariff, at once unless told otherwise. Where the other one has another group, its devices are
   * served by that group's nodes then.
   * @throws `conflict` when it has more devices than the other one allows, or no next period.
   */
  changeTariff(
    id: string,
    input: { tariff: string; when?: 'now' | 'next-period' },
  ): Promise<view.SubscriptionChange>;
  /** For good: it is closed on every node, and cannot be renewed. */
  cancelSubscription(id: string, input: { reason: string }): Promise<view.Subscription>;
  getSubscription(id: string): Promise<view.Subscription & view.Bookings>;
  /** @throws TurnpikeError `not_found` when nothing was booked with this reference */
  findBookings(reference: string): Promise<view.Bookings>;
  /** `search`: those whose own reference begins so, in the order of references. */
  listSubscriptions(
    filter?: { account?: string } & AccountScope & Search & PageFilter,
  ): Promise<view.Subscription[]>;
  /**
   * Adds volume, and grants it at once to the nodes that want it. As with all adjustments, the same call with the same
   * `reference` again changes nothing and answers what became of it; another one with that reference is a `conflict`: a
   * payment is never booked twice.
   */
  topUp(id: string, input: TopUp): Promise<view.Adjustment>;
  /**
   * Takes back what is free at once, and what nodes hold once they give it back. `invalid` for more than was sold, saying
   * how much can be.
   */
  refund(id: string, input: RefundWish): Promise<view.Adjustment>;
  /** Undoes a top-up, as far as it is not used, or a refund; by an adjustment of its own. */
  reverse(
    id: string,
    adjustment: string,
    input: { reason: string; reference: string },
  ): Promise<view.Adjustment>;
  /** Waits until all nodes in contact have given back what is to be taken, or for 2 s; what is pending then is taken later. */
  awaitAdjustment(id: string, adjustment: string): Promise<view.Adjustment>;
  suspend(id: string, input: { reason: string }): Promise<view.Subscription>;
  resume(id: string): Promise<view.Subscription>;
  /** Of the current period, unless told. */
  getUsage(subscriptionId: string, input?: { period?: number }): Promise<view.Usage>;
  /** By day, and on each day by node. Of the current period, unless told. */
  getDailyUsage(subscriptionId: string, input?: { period?: number }): Promise<view.DailyUsage>;

  /**
   * Without `publicKey` a key pair is made; its private half is in the answer once and stored nowhere. A `hardwareId`
   * that the subscription has already gives the device that it was: same addresses, other keys, another id.
   */
  addDevice(input: NewDevice): Promise<{ device: view.Device; privateKey?: string }>;
  /**
   * Of this status: active unless given. `search`: those whose label begins so, in the order of labels, or the one with
   * this public key.
   */
  listDevices(filter?: DeviceFilter & Search & PageFilter): Promise<view.Device[]>;
  /** Of any status. */
  getDevice(id: string): Promise<view.Device>;
  setDevice(id: string, settings: DeviceSettings): Promise<view.Device>;
  /** New keys (also the preshared one), same slot, addresses and totals. */
  rekeyDevice(id: string, input: DeviceKey): Promise<{ device: view.Device; privateKey?: string }>;
  /** At once and for good. Its usage stays billed; its addresses are kept back for a day. */
  removeDevice(id: string): Promise<view.Device>;
  /** @throws `conflict` when the node never said Hello, so that its public key is unknown. */
  getClientSettings(deviceId: string, node: string): Promise<view.ClientSettings>;

  addNode(input: { name: string; endpoint: string; group?: string; multiplier?: number }): Promise<view.Node>;
  listNodes(page?: PageFilter): Promise<view.Node[]>;
  getNode(node: string): Promise<view.Node>;
  /** Its streams end, its certificates are revoked, what it had left is written off. */
  removeNode(node: string): Promise<view.Node>;
  /**
   * In another group, the old group's devices are removed from it and the new group's are added. A new endpoint is
   * for new configurations: those that customers have keep the old one.
   */
  setNode(node: string, settings: NodeSettings): Promise<view.Node>;
  /** A new one-time join token, and the end of those before it that were not redeemed. Shown once; only its hash is stored. */
  createJoinToken(node: string): Promise<{ node: view.Node; token: string; expiresAt: number }>;

  addGroup(input: { name: string } & GroupSettings): Promise<view.Group>;
  listGroups(page?: PageFilter): Promise<view.Group[]>;
  getGroup(group: string): Promise<view.Group>;
  setGroup(group: string, settings: GroupSettings): Promise<view.Group>;

  /** Without group and tariff it is the fleet's switch, which has no `inherit`. Takes effect at once. */
  setEnforcement(input: {
    enforcement: view.EnforcementChoice;
    group?: string;
    tariff?: string;
  }): Promise<void>;

  listEvents(filter?: EventFilter): Promise<Event[]>;
  /** As they happen, after one or from now on, until `signal` aborts. */
  followEvents(filter: Omit<EventFilter, 'limit'>, signal: AbortSignal): AsyncIterable<Event>;

  /**
   * Many subscriptions and devices at once: makes the books say what the lines say. What is not there is created, what is
   * different is changed, what is not listed is left alone; the same lines again change nothing. Not one transaction but
   * one for some lines each: after a crash what was done stays, and the rest comes with the same list again.
   * @throws TurnpikeError `unavailable` when the signal aborts. What is wrong with a line is in the result.
   */
  importLines(lines: AsyncIterable<NumberedLine>, wish: ImportWish): Promise<BulkResult>;
  /** The same with a list that is whole: also says what is different, and which subscriptions it leaves out. */
  reconcileLines(lines: AsyncIterable<NumberedLine>, wish: ReconcileWish): Promise<BulkResult>;
  /** Subscriptions that are not cancelled, each followed by its devices; page by page, as they are then. */
  exportLines(): AsyncIterable<readonly Line[]>;

  getStatus(): Promise<view.FleetStatus>;
  /** After a restore, once the books are right: nodes let go of what is not in them (hold/hold.ts). */
  releaseHold(): Promise<{ readonly heldAt: number | null }>;
  listHeaviest(limit: number): Promise<view.Heaviest>;
  /** Of a subscription or a device. */
  explain(id: string): Promise<view.Explanation>;
}

/** What is absent stays as it is, or gets its default in a new one. */
export interface SubscriptionSettings extends TimesWish {
  /** The billing backend's own, unique among subscriptions. */
  readonly reference?: string;
}

export interface NewSubscription extends SubscriptionSettings {
  readonly account: string;
  readonly tariff: string;
}

export interface NewAccount {
  readonly reference: string;
  readonly tag?: string;
}

/** What is absent stays as it is; null: none. */
export interface AccountSettings {
  readonly tag?: string | null;
}

export interface DeviceFilter {
  readonly subscription?: string;
  readonly status?: view.DeviceStatus;
  /** Those whose key looks used on two devices, or those whose key does not. */
  readonly sharedKey?: boolean;
}

/** With all linked accounts, or this one alone. */
export interface AccountScope {
  readonly only?: boolean;
}

export interface Search {
  readonly search?: string;
}

/** Lists come in the order of creation, or in that of what is searched. Everything, unless told. */
export interface PageFilter {
  readonly limit?: number;
  /** Where the page before ended: what `cursorOf` says of its last item. */
  readonly after?: string;
}

export interface NewTariff extends TariffSettings {
  readonly name: string;
  readonly volumeBytes: bigint | null;
  readonly group?: string;
  readonly enforcement?: view.EnforcementChoice;
}

/** What is absent stays as it is, or gets its default in a new tariff. */
export type TariffSettings = Partial<view.TariffLimits>;

export interface RenewalWish {
  readonly reference: string;
  /** 1, unless given. */
  readonly periods?: number;
  /** A date (its first moment in the time zone), or a time with its offset. */
  readonly until?: string;
}

export interface DeviceKey {
  /** Base64 of 32 bytes. */
  readonly publicKey?: string;
}

/** What is absent is that of the device with the same hardware, if there is one; null: none. */
export interface DeviceLabels {
  readonly label?: string | null;
  readonly platform?: string | null;
}

export interface NewDevice extends DeviceKey, DeviceLabels {
  readonly subscription: string;
  /** Any text that stays the same on one machine. Of it, a keyed hash is stored, as long as the device is active. */
  readonly hardwareId?: string;
}

/** What is absent stays as it is; null: none. */
export interface DeviceSettings {
  readonly label?: string | null;
  readonly platform?: string | null;
}

/** What is absent stays as it is. */
export interface NodeSettings {
  readonly name?: string;
  readonly endpoint?: string;
  readonly group?: string;
  readonly multiplier?: number;
}

/** What is absent stays as it is, or gets its default in a new group. */
export interface GroupSettings {
  readonly enforcement?: view.EnforcementChoice;
  readonly dns?: readonly string[];
  readonly mtu?: number;
  readonly allowedIps?: readonly string[];
  readonly keepaliveSeconds?: number;
}
