import type { Successor } from '../catalogue/successor.ts';
import type { Access, Enforcement, Reason } from '../catalogue/views.ts';
import type { Phase } from '../lifetime/phase.ts';
import { type Cause, describeCause, holdsAlways } from './reason-words.ts';
import type { RenewalTerms } from './renewal-words.ts';

export interface SubscriptionState {
  readonly id: string;
  readonly volumeBytes: bigint | null;
  readonly remainingBytes: bigint | null;
  readonly exhaustedAt: number | null;
  /** Without volume it goes on, slowly. */
  readonly throttles: boolean;
  readonly renewal: RenewalTerms;
  readonly suspendedAt: number | null;
  readonly suspensionReason: string | null;
  /** Its reference. */
  readonly account: string;
  readonly accountSuspendedAt: number | null;
  readonly accountSuspensionReason: string | null;
  readonly accountRestricted: boolean;
  readonly cancelledAt: number | null;
  readonly cancellationReason: string | null;
  readonly createdAt: number;
  readonly starts: 'date' | 'first-connection';
  readonly startsAt: number | null;
  /** Expiry and grace. */
  readonly endsAt: number | null;
  readonly phase: Phase;
}

/** Why a subscription may not pass, whether that is enforced or not. */
export function subscriptionReasons(state: SubscriptionState): Reason[] {
  const words = (cause: Cause) => describeCause(cause, { subscriptionId: state.id });
  if (state.cancelledAt !== null) {
    // What would mend anything else is refused.
    const { account, cancelledAt: since, cancellationReason: reason } = state;
    return [words({ code: 'cancelled', since, account, reason: reason ?? '' })];
  }
  const causes: Cause[] = timeCauses(state);
  if (state.suspendedAt !== null) {
    const reason = state.suspensionReason ?? '';
    causes.push({ code: 'suspension', since: state.suspendedAt, reason });
  }
  if (state.accountSuspendedAt !== null) {
    const { account, accountSuspendedAt: since, accountRestricted: restricted } = state;
    const reason = state.accountSuspensionReason ?? '';
    causes.push({ code: 'account-suspension', since, account, reason, restricted });
  }
  if (state.exhaustedAt !== null && state.volumeBytes !== null && !state.throttles) {
    const { volumeBytes, remainingBytes, endsAt, renewal } = state;
    causes.push({
      code: 'volume',
      since: state.exhaustedAt,
      volumeBytes,
      remainingBytes: remainingBytes ?? 0n,
      over: state.phase === 'over',
      endsAt,
      renewal,
    });
  }
  return causes.map(words);
}

function timeCauses(state: SubscriptionState): Cause[] {
  const { phase, starts, startsAt, endsAt, renewal } = state;
  if (phase === 'over' && endsAt !== null) return [{ code: 'expired', since: endsAt, renewal }];
  if (phase === 'waiting' && starts === 'date' && startsAt !== null) {
    return [{ code: 'not-started', since: state.createdAt, startsAt }];
  }
  return [];
}

export interface DeviceState {
  readonly id: string;
  readonly subscriptionId: string;
  readonly removedAt: number | null;
  /** The device as which its hardware enrolled again, last. */
  readonly successor: Successor | null;
}

/** Of a device: its own, and its subscription's. Once it is gone, nothing else matters. */
export function deviceReasons(state: DeviceState, subscription: readonly Reason[]): readonly Reason[] {
  const { id: deviceId, subscriptionId, removedAt, successor } = state;
  if (removedAt === null) return subscription;
  const cause: Cause =
    successor === null
      ? { code: 'removed', since: removedAt }
      : { code: 'replaced', since: removedAt, by: successor.id, living: successor.living };
  return [describeCause(cause, { subscriptionId, deviceId })];
}

export function decideAccess(reasons: readonly Reason[], enforcement: Enforcement): Access {
  const inForce = reasons.filter(({ code }) => holdsAlways(code) || enforcement === 'enforce');
  return {
    state: inForce.length > 0 ? 'closed' : 'open',
    reasons: inForce,
    wouldClose: reasons.filter((reason) => !inForce.includes(reason)),
  };
}
