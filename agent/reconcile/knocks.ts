import { observeKnock } from '../grants/activity.ts';
import type { Draft } from './draft.ts';
import { activityOf, type Memory } from './memory.ts';

/**
 * The subscriptions of quotas that ran dry. What has nothing left is known before a reading tells how much passed: with
 * many devices that takes long, and meanwhile the customer would wait for what he has left elsewhere.
 */
export function hearDry(draft: Draft, memory: Memory, quotas: ReadonlySet<string>, now: number): Set<string> {
  const wanting = new Set<string>();
  const dry = new Set([...quotas].filter((name) => memory.gate.quotas.has(name)));
  if (dry.size === 0) return wanting;
  for (const name of dry) memory.remaining.set(name, 0n);
  for (const [id, { pass }] of memory.gate.devices) {
    if (pass.kind !== 'quota' || !dry.has(pass.quota)) continue;
    const subscriptionId = draft.meter(id)?.subscriptionId;
    if (subscriptionId === undefined) continue;
    noteKnock(memory, subscriptionId, now);
    memory.unsettled.add(subscriptionId);
    wanting.add(subscriptionId);
  }
  return wanting;
}

/** The subscriptions of devices that sent and were not let through. */
export function hearKnocks(
  draft: Draft,
  memory: Memory,
  knocks: ReadonlySet<string>,
  now: number,
): Set<string> {
  const wanting = new Set<string>();
  for (const id of knocks) {
    const device = draft.device(id);
    if (device === undefined) continue;
    const { subscriptionId } = device;
    // Who knocks while all are closed is let in at once when they may pass again; beside others who may, he says nothing of them.
    const members = [...(memory.members.get(subscriptionId) ?? [])];
    if (device.access !== 'open' && members.some((member) => draft.device(member)?.access === 'open'))
      continue;
    noteKnock(memory, subscriptionId, now);
    wanting.add(subscriptionId);
  }
  return wanting;
}

function noteKnock(memory: Memory, subscriptionId: string, now: number): void {
  memory.activity.set(subscriptionId, observeKnock(activityOf(memory, subscriptionId), now));
}
