import type { GateDevice, GateModel } from '../gate/model.ts';
import type { PeerActivity } from '../wireguard/wireguard.ts';
import type { Memory } from './memory.ts';
import type { KnownPeer } from './peers.ts';

/** What WireGuard said of its peers. */
export interface Hearing {
  /** When it was asked, monotonic milliseconds: a peer that was added since is not told of. */
  readonly askedAt: number;
  readonly peers: readonly PeerActivity[];
}

/**
 * Peers that were heard, or were not, other than we thought. A peer has no session until its first handshake, and what
 * is sent to it is dropped; WireGuard says 0 for it, also when somebody else removed it and added it again.
 */
export function newlyHeard(memory: Memory, { askedAt, peers }: Hearing): PeerActivity[] {
  return peers.filter(({ publicKey, latestHandshake }) => {
    const peer = memory.peers.get(publicKey);
    if (peer === undefined || peer.since >= askedAt) return false;
    const heard = latestHandshake > 0;
    return peer.heard !== heard || devicesOf(memory, peer).some(({ unheard = false }) => unheard === heard);
  });
}

/** Which devices of the gate are to be marked as not heard (true), or taken for heard (false), by what WireGuard said. */
export function marksOf(memory: Memory, news: readonly PeerActivity[]): Map<string, boolean> {
  const marks = new Map<string, boolean>();
  for (const { publicKey, latestHandshake } of news) {
    const peer = memory.peers.get(publicKey);
    for (const { id } of peer ? devicesOf(memory, peer) : []) marks.set(id, latestHandshake === 0);
  }
  return marks;
}

/** The gate with these devices marked as not heard, or no more. */
export function withMarks(gate: GateModel, marks: ReadonlyMap<string, boolean>): GateModel {
  const devices = new Map<string, GateDevice>(gate.devices);
  let changed = false;
  for (const [id, unheard] of marks) {
    const device = gate.devices.get(id);
    if (device === undefined || (device.unheard ?? false) === unheard) continue;
    devices.set(id, { ...device, unheard });
    changed = true;
  }
  return changed ? { ...gate, devices } : gate;
}

/** Takes over what WireGuard said, once the gate is as it should be by that. */
export function remember(memory: Memory, news: readonly PeerActivity[]): void {
  for (const { publicKey, latestHandshake } of news) {
    const peer = memory.peers.get(publicKey);
    if (peer) memory.peers.set(publicKey, { ...peer, heard: latestHandshake > 0 });
  }
}

/** Whose the peer's addresses are in the gate. */
function devicesOf(memory: Memory, { addresses }: KnownPeer): (GateDevice & { readonly id: string })[] {
  return addresses.flatMap((address) => {
    const id = memory.owners.get(address);
    const device = id === undefined ? undefined : memory.gate.devices.get(id);
    return id === undefined || device === undefined ? [] : [{ ...device, id }];
  });
}
