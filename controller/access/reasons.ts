import type { Access, Enforcement, Reason } from '../catalogue/views.ts';
import { type Cause, describeCause, holdsAlways } from './reason-words.ts';

export interface SubscriptionState {
  readonly id: string;
  readonly volumeBytes: bigint | null;
  readonly remainingBytes: bigint | null;
  readonly exhaustedAt: number | null;
  readonly suspendedAt: number | null;
  readonly suspensionReason: string | null;
}

/** Why a subscription may not pass, whether that is enforced or not. */
export function subscriptionReasons(state: SubscriptionState): Reason[] {
  const causes: Cause[] = [];
  if (state.suspendedAt !== null) {
    const reason = state.suspensionReason ?? '';
    causes.push({ code: 'suspension', since: state.suspendedAt, reason });
  }
  if (state.exhaustedAt !== null && state.volumeBytes !== null) {
    const { volumeBytes, remainingBytes } = state;
    causes.push({
      code: 'volume',
      since: state.exhaustedAt,
      volumeBytes,
      remainingBytes: remainingBytes ?? 0n,
    });
  }
  return causes.map((cause) => describeCause(cause, { subscriptionId: state.id }));
}

export interface DeviceState {
  readonly id: string;
  readonly subscriptionId: string;
  readonly removedAt: number | null;
  /** The device as which its hardware enrolled again. */
  readonly replacedBy: string | null;
}

/** Of a device: its own, and its subscription's. Once it is gone, nothing else matters. */
export function deviceReasons(state: DeviceState, subscription: readonly Reason[]): readonly Reason[] {
  const { id: deviceId, subscriptionId, removedAt, replacedBy } = state;
  if (removedAt === null) return subscription;
  const cause: Cause =
    replacedBy === null
      ? { code: 'removed', since: removedAt }
      : { code: 'replaced', since: removedAt, by: replacedBy };
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
