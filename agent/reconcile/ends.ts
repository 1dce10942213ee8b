import type { ControllerTime } from '../time/controller-time.ts';
import type { Draft } from './draft.ts';
import type { Memory } from './memory.ts';

/**
 * An end that moves by less stays where it is in the kernel: the controller's clock is compared over the network, and nft
 * tells only whole seconds (rounded down) of what an element has left. So the kernel may close that much too late or
 * too early.
 */
const lateMs = 200;
const earlyMs = 1_200;

/** Whether what the kernel was told will do for the end that is wanted. Monotonic milliseconds; undefined: never. */
export function sameEnd(told: number | undefined, wanted: number | undefined, now: number): boolean {
  if (told === undefined || wanted === undefined) return told === wanted;
  if (hasEnded(told, now) && !hasEnded(wanted, now)) return false;
  return told - wanted < lateMs && wanted - told < earlyMs;
}

export function hasEnded(endsAt: number | undefined, now: number): boolean {
  return endsAt !== undefined && endsAt <= now;
}

/** Subscriptions that pass beyond their end, or to another than theirs. */
export function movedEnds({ members, endsAt, gate }: Memory, now: number): string[] {
  const moved: string[] = [];
  for (const [subscriptionId, ids] of members) {
    const end = endsAt.get(subscriptionId);
    for (const id of ids) {
      const device = gate.devices.get(id);
      if (device === undefined || device.pass.kind === 'closed') continue;
      if (!hasEnded(end, now) && sameEnd(device.endsAt, end, now)) continue;
      moved.push(subscriptionId);
      break;
    }
  }
  return moved;
}

/** Puts the ends of these subscriptions on our own clock. Again whenever the controller's is found to differ. */
export function noteEnds(draft: Draft, memory: Memory, ids: Iterable<string>, time: ControllerTime): void {
  for (const id of ids) {
    const endsAt = draft.subscription(id)?.endsAt;
    if (endsAt === undefined) memory.endsAt.delete(id);
    // Rather a millisecond early: who wakes up for the moment finds it over.
    else memory.endsAt.set(id, Math.floor(time.toMonotonic(endsAt)) - 1);
  }
}
