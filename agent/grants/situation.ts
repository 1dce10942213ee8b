import type { DesiredSubscription } from '../desired/state.ts';
import type { Account } from './account.ts';

/** What is known of one subscription on this node when a decision is due. */
export interface Situation {
  readonly account: Account;
  readonly used: bigint;
  readonly desired: DesiredSubscription;
  /** Devices that may pass, as far as the subscription's bytes go. */
  readonly openDevices: ReadonlySet<string>;
  readonly live: Live;
  /** `account` and `used` are from a reading that is younger than the last change of the gate for this subscription. */
  readonly settled: boolean;
  readonly bytesPerSecond: number;
  /** How long ago usage grew, or a device sent and was refused. */
  readonly quietMs: number;
  /** How long ago a device sent and was refused. */
  readonly unrefusedMs: number;
  /** How long it wants a grant already; 0 when it did not. */
  readonly wantingMs: number;
  /** A recall was answered in mid-traffic: what is armed goes back too, once it is quiet. */
  readonly owing: boolean;
  /** An object of this size was exhausted and let nothing pass: packets are larger. 0 for none. */
  readonly futileBytes: bigint;
  /** The kernel's counters were destroyed not long ago. */
  readonly wary: boolean;
  /** The period is over, but the next one cannot begin before all is closed and read. */
  readonly turning: boolean;
  /** The controller was heard of lately enough. */
  readonly valid: boolean;
  /** The controller refuses this node: nobody passes, whatever was granted. */
  readonly refused: boolean;
}

/** What the kernel lets pass for a subscription. */
export type Live =
  | { readonly kind: 'nothing' }
  /** Also who is throttled. */
  | { readonly kind: 'unlimited' }
  | { readonly kind: 'allowance'; readonly devices: ReadonlySet<string> }
  /** `remaining` as of the last reading, or what was armed since. */
  | { readonly kind: 'quota'; readonly remaining: bigint };

export type Target =
  | { readonly kind: 'closed' }
  | { readonly kind: 'unlimited' }
  /** Nothing is left of what was granted: on at the slower speed, metered. */
  | { readonly kind: 'throttled' }
  /** Exactly these devices have their allowance; those that have one keep it. */
  | { readonly kind: 'allowance'; readonly devices: ReadonlySet<string> }
  /** `bytes` undefined: on the object that is live. */
  | { readonly kind: 'quota'; readonly bytes: bigint | undefined };

export interface Decision {
  /** Journal it before the target is applied: what the target arms is in `armed`. */
  readonly account: Account;
  readonly target: Target;
  readonly wanting: boolean;
  readonly owing: boolean;
  /** Nothing was needed for long, or all was given back: the past traffic is no reason any more to want. */
  readonly rest: boolean;
  /** Closed in order to read: decide again at once, after a reading. */
  readonly again: boolean;
}

/** A decision that arms nothing. */
export function holding(situation: Situation, target: Target): Decision {
  const { account, owing } = situation;
  return { account, target, wanting: false, owing, rest: false, again: false };
}

/** Ends what is live, so that the next reading tells exactly what passed. */
export function closing(situation: Situation): Decision {
  return { ...holding(situation, { kind: 'closed' }), again: true };
}

/** Nothing passes; what is live is ended. */
export function shut(situation: Situation): Decision {
  return situation.live.kind === 'nothing' ? holding(situation, { kind: 'closed' }) : closing(situation);
}

/** Where nothing is left that could be armed. */
export function spent({ desired }: Situation): Target {
  return { kind: desired.throttle === undefined ? 'closed' : 'throttled' };
}

export function common(left: ReadonlySet<string>, right: ReadonlySet<string>): Set<string> {
  return new Set([...left].filter((id) => right.has(id)));
}
