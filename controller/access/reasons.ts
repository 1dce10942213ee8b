import { formatSize } from '../../common/bytes.ts';
import type { Access, Enforcement, Reason } from '../catalogue/views.ts';

/** Less than one packet is as good as nothing. */
export const packet = 1500n;

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
  const reasons: Reason[] = [];
  if (state.suspendedAt !== null) {
    reasons.push({
      code: 'suspension',
      text: `the subscription is suspended: ${state.suspensionReason ?? ''}`,
      since: state.suspendedAt,
      mend: `turnpike subscription resume ${state.id}`,
      nodes: null,
    });
  }
  if (state.exhaustedAt !== null && state.volumeBytes !== null) {
    const left = state.remainingBytes ?? 0n;
    const volume = `the volume of ${formatSize(state.volumeBytes)} is used up`;
    reasons.push({
      code: 'volume',
      text:
        left < packet
          ? volume
          : `${volume} but for ${formatSize(left)}, which nodes hold that are out of contact, or is too little for a packet`,
      since: state.exhaustedAt,
      mend: `turnpike subscription top-up ${state.id} SIZE --reason TEXT --reference REFERENCE`,
      nodes: null,
    });
  }
  return reasons;
}

/** A removed device is closed whatever else holds, also in observe. */
export function deviceReasons(removedAt: number | null, subscription: readonly Reason[]): readonly Reason[] {
  if (removedAt === null) return subscription;
  return [{ code: 'removed', text: 'the device was removed', since: removedAt, mend: null, nodes: null }];
}

export function decideAccess(reasons: readonly Reason[], enforcement: Enforcement): Access {
  const inForce = reasons.filter(({ code }) => code === 'removed' || enforcement === 'enforce');
  return {
    state: inForce.length > 0 ? 'closed' : 'open',
    reasons: inForce,
    wouldClose: reasons.filter((reason) => !inForce.includes(reason)),
  };
}
