import type { DesiredDevice } from '../desired/state.ts';
import type { Peer } from '../wireguard/wireguard.ts';
import { hasEnded } from './ends.ts';
import type { Memory } from './memory.ts';

/**
 * For so long the peer of a suspended or expired device stays in WireGuard, closed at the gate. Without its peer a
 * client has no session any more, and notices only after 15 s of silence (keepalive and rekey timeouts of WireGuard): who
 * pays or is resumed soon after should not wait for that.
 */
const lingerMs = 600_000;

export function isWithdrawn(
  { access, subscriptionId }: DesiredDevice,
  memory: Pick<Memory, 'endsAt'>,
  now: number,
): boolean {
  return access === 'withdrawn' || hasEnded(memory.endsAt.get(subscriptionId), now);
}

/** Of peers that are wanted no more, those that stay as yet; remembers since when. */
export function lingering(
  memory: Pick<Memory, 'peers' | 'lingering'>,
  withdrawn: readonly Peer[],
  now: number,
): Peer[] {
  const here = withdrawn.filter(({ publicKey }) => memory.peers.has(publicKey));
  memory.lingering = new Map(
    here.map(({ publicKey }) => [publicKey, memory.lingering.get(publicKey) ?? now]),
  );
  return here.filter(({ publicKey }) => now - (memory.lingering.get(publicKey) ?? now) < lingerMs);
}
