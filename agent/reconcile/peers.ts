import type { DesiredDevice } from '../desired/state.ts';
import type { Peer } from '../wireguard/wireguard.ts';

/** A peer as WireGuard holds it. */
export interface KnownPeer {
  readonly addresses: readonly string[];
  /** Undefined for none; `unknown` when it was not we who set it: preshared keys are not read back. */
  readonly presharedKey: string | undefined | typeof unknownKey;
  /** When we added it, monotonic milliseconds; long ago when it was there already. */
  readonly since: number;
  /** It had a handshake since it was added: before, WireGuard drops what is for it. */
  readonly heard: boolean;
}

export const unknownKey: unique symbol = Symbol('a preshared key that was not read back');

export interface PeerPlan {
  readonly remove: readonly string[];
  readonly upsert: readonly Peer[];
}

/** A device as WireGuard holds it. */
export function peerOf(device: DesiredDevice): Peer {
  const { publicKey, presharedKey, address4, address6 } = device;
  return { publicKey, presharedKey, addresses: [address4, address6] };
}

/** What brings WireGuard from `known` to exactly these peers. */
export function planPeers(known: ReadonlyMap<string, KnownPeer>, wanted: Iterable<Peer>): PeerPlan {
  const upsert: Peer[] = [];
  const keep = new Set<string>();
  for (const peer of wanted) {
    keep.add(peer.publicKey);
    const current = known.get(peer.publicKey);
    if (current === undefined || !samePeer(current, peer)) upsert.push(peer);
  }
  const remove = [...known.keys()].filter((publicKey) => !keep.has(publicKey));
  return { remove, upsert };
}

/**
 * What WireGuard says it holds, beside what was known; preshared keys as they should be, unless a change was cut short.
 * `heard` tells of a peer that was not known whether it is taken for heard, by its addresses.
 */
export function readBackPeers(
  observed: ReadonlyMap<string, readonly string[]>,
  wanted: ReadonlyMap<string, Peer>,
  known: ReadonlyMap<string, KnownPeer>,
  heard: (addresses: readonly string[]) => boolean,
  settled: boolean,
): Map<string, KnownPeer> {
  return new Map(
    [...observed].map(([publicKey, addresses]) => {
      const before = known.get(publicKey) ?? { since: Number.NEGATIVE_INFINITY, heard: heard(addresses) };
      const presharedKey = settled ? wanted.get(publicKey)?.presharedKey : unknownKey;
      return [publicKey, { ...before, addresses, presharedKey }];
    }),
  );
}

/** What differs, a line for each. Keys are of customers: named by device where there is one. */
export function describePeerDrift(
  before: ReadonlyMap<string, KnownPeer>,
  now: ReadonlyMap<string, KnownPeer>,
): string[] {
  let missing = 0;
  let foreign = 0;
  let moved = 0;
  for (const [publicKey, peer] of before) {
    const found = now.get(publicKey);
    if (found === undefined) missing += 1;
    else if (!sameAddresses(found.addresses, peer.addresses)) moved += 1;
  }
  for (const publicKey of now.keys()) if (!before.has(publicKey)) foreign += 1;
  const lines: string[] = [];
  if (missing > 0) lines.push(`put back ${missing} peer(s) that were missing in WireGuard`);
  if (foreign > 0) lines.push(`remove ${foreign} peer(s) from WireGuard that are not ours`);
  if (moved > 0) lines.push(`put right the addresses of ${moved} peer(s) in WireGuard`);
  return lines;
}

function samePeer(known: KnownPeer, peer: Peer): boolean {
  return known.presharedKey === peer.presharedKey && sameAddresses(known.addresses, peer.addresses);
}

function sameAddresses(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((address) => right.includes(address));
}
