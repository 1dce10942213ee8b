import type { Gate, GateModel } from '../gate/model.ts';
import type { Peer, WireGuard } from '../wireguard/wireguard.ts';
import { bisect } from './bisect.ts';
import { withMarks } from './hearing.ts';
import { type Memory, replaceGate } from './memory.ts';
import type { PeerPlan } from './peers.ts';
import { restrict } from './restrict.ts';

export interface Enforcement {
  readonly gate: GateModel;
  /** Subscriptions that change in the gate in what they may pass. */
  readonly changed: ReadonlySet<string>;
  /** Subscriptions of which a device is marked as not heard, or no more. */
  readonly marked: ReadonlySet<string>;
  /** Devices in the gate whose peer is new in WireGuard. */
  readonly unheard: ReadonlySet<string>;
  readonly peers: PeerPlan;
  readonly validitySeconds: number;
  /** How often this failed before: then the items that are refused are looked for. */
  readonly failures: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface Refused {
  readonly subscriptionIds: readonly string[];
  readonly peers: readonly Peer[];
}

/**
 * Brings gate and WireGuard to what was decided and journalled, both at once: a peer without elements in the gate
 * passes nothing, and elements that come marked as not heard let nothing through to a peer, so additions need not wait
 * for each other. Peers of devices that are in the gate already do wait for their marks, and peers that leave for the
 * gate to close: it must not count what WireGuard does not deliver.
 */
export async function enforce(
  plan: Enforcement,
  memory: Memory,
  gate: Gate,
  wireguard: WireGuard,
): Promise<Refused> {
  const closing = enforceGate(plan, memory, gate);
  const [subscriptions, peers] = await Promise.allSettled([
    closing,
    enforcePeers(plan, memory, gate, wireguard, closing),
  ]);
  if (subscriptions.status === 'rejected') throw subscriptions.reason;
  if (peers.status === 'rejected') throw peers.reason;
  return { subscriptionIds: subscriptions.value, peers: peers.value };
}

async function enforceGate(plan: Enforcement, memory: Memory, gate: Gate): Promise<string[]> {
  if (plan.gate === memory.gate) return [];
  for (const id of plan.changed) memory.unsettled.add(id);
  if (plan.failures === 0) {
    await gate.apply(memory.gate, plan.gate, plan.validitySeconds);
    replaceGate(memory, plan.gate);
    return [];
  }
  return await bisect(
    [...new Set([...plan.changed, ...plan.marked])],
    async (ids) => {
      const devices = ids.flatMap((id) => [...(memory.members.get(id) ?? [])]);
      const part = restrict(memory.gate, plan.gate, devices);
      await gate.apply(memory.gate, part, plan.validitySeconds);
      replaceGate(memory, part);
    },
    isCertain(plan),
  );
}

// It failed again and again, while everything else that we asked of the tools worked.
function isCertain({ failures }: Enforcement): boolean {
  return failures >= 4;
}

async function enforcePeers(
  plan: Enforcement,
  memory: Memory,
  gate: Gate,
  wireguard: WireGuard,
  closing: Promise<unknown>,
): Promise<Peer[]> {
  const { remove, upsert } = plan.peers;
  if (plan.unheard.size > 0) await closing;
  const drop = async (publicKeys: readonly string[]) => {
    if (publicKeys.length === 0) return;
    await wireguard.remove(publicKeys);
    for (const publicKey of publicKeys) memory.peers.delete(publicKey);
  };
  const add = async (peers: readonly Peer[]) => {
    await wireguard.upsert(peers);
    const fresh = { since: plan.now(), heard: false };
    for (const { publicKey, addresses, presharedKey } of peers) {
      const known = memory.peers.get(publicKey) ?? fresh;
      memory.peers.set(publicKey, { ...known, addresses, presharedKey });
    }
  };
  // A device with a new key: the old one holds the addresses.
  const wanted = new Set(upsert.flatMap(({ addresses }) => addresses));
  const inTheWay = (publicKey: string) =>
    memory.peers.get(publicKey)?.addresses.some((address) => wanted.has(address)) === true;
  const { true: first = [], false: last = [] } = Object.groupBy(remove, (key) => `${inTheWay(key)}`);
  await drop(first);
  await markAgain(plan, memory, gate);
  let refused: Peer[] = [];
  if (plan.failures > 0) refused = await bisect(upsert, add, isCertain(plan));
  else if (upsert.length > 0) await add(upsert);
  // Also when the gate could not be closed: then all the more.
  await closing.catch(() => undefined);
  await drop(last);
  return refused;
}

// The kernel may have taken a mark away before we heard of it, or by a last packet of the peer with the former key.
async function markAgain(
  { unheard, validitySeconds }: Enforcement,
  memory: Memory,
  gate: Gate,
): Promise<void> {
  const devices = [...unheard].filter((id) => memory.gate.devices.get(id)?.unheard === true);
  if (devices.length === 0) return;
  const unmarked = withMarks(memory.gate, new Map(devices.map((id) => [id, false])));
  await gate.apply(unmarked, memory.gate, validitySeconds);
}
