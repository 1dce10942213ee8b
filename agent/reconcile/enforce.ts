import type { Gate, GateModel } from '../gate/model.ts';
import type { Peer, WireGuard } from '../wireguard/wireguard.ts';
import { bisect } from './bisect.ts';
import { type Memory, replaceGate } from './memory.ts';
import type { PeerPlan } from './peers.ts';
import { restrict } from './restrict.ts';

export interface Enforcement {
  readonly gate: GateModel;
  /** Subscriptions that change in the gate. */
  readonly changed: ReadonlySet<string>;
  readonly peers: PeerPlan;
  readonly validitySeconds: number;
  /** How often this failed before: then the items that are refused are looked for. */
  readonly failures: number;
}

export interface Refused {
  readonly subscriptionIds: readonly string[];
  readonly peers: readonly Peer[];
}

/**
 * Brings gate and WireGuard to what was decided and journalled, both at once: a peer without elements in the gate
 * passes nothing, and elements without a peer are not reached, so neither has to wait for the other.
 */
export async function enforce(
  plan: Enforcement,
  memory: Memory,
  gate: Gate,
  wireguard: WireGuard,
): Promise<Refused> {
  const [subscriptions, peers] = await Promise.allSettled([
    enforceGate(plan, memory, gate),
    enforcePeers(plan, memory, wireguard),
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
    [...plan.changed],
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

async function enforcePeers(plan: Enforcement, memory: Memory, wireguard: WireGuard): Promise<Peer[]> {
  const { remove, upsert } = plan.peers;
  if (remove.length > 0) {
    await wireguard.remove(remove);
    for (const publicKey of remove) memory.peers.delete(publicKey);
  }
  if (upsert.length === 0) return [];
  const add = async (peers: readonly Peer[]) => {
    await wireguard.upsert(peers);
    for (const { publicKey, addresses, presharedKey } of peers) {
      memory.peers.set(publicKey, { addresses, presharedKey });
    }
  };
  if (plan.failures > 0) return await bisect(upsert, add, isCertain(plan));
  await add(upsert);
  return [];
}
