import type { GateReading } from '../gate/model.ts';
import { settle } from '../grants/account.ts';
import { observeUsage } from '../grants/activity.ts';
import { allowances, idleAfterMs } from '../grants/figures.ts';
import type { Live } from '../grants/situation.ts';
import { type Meter, readMeters } from '../meter/meter.ts';
import { isActive, observeTraffic } from '../presence/traffic.ts';
import { noteMoved } from '../speed/tempo.ts';
import type { Draft } from './draft.ts';
import { activityOf, type Memory } from './memory.ts';
import { followSpeeds } from './speeds.ts';

/**
 * Books a reading that was taken after the last change of the gate. Returns the subscriptions to decide on: those that
 * moved, and those that are not at rest.
 */
export function bookReading(draft: Draft, memory: Memory, reading: GateReading, now: number): Set<string> {
  for (const name of memory.gate.quotas.keys()) {
    memory.remaining.set(name, reading.quotaRemaining.get(name) ?? 0n);
  }
  const touched = new Set([...memory.unsettled, ...memory.again]);
  memory.again.clear();
  const counting = [...memory.gate.devices.keys()].flatMap((id) => draft.meter(id) ?? []);
  const { changed, disturbed, missing } = readMeters(counting, reading.counters);
  for (const meter of changed) {
    const before = draft.meter(meter.deviceId);
    if (before) {
      noteTraffic(memory, before, meter, now);
      noteMoved(memory.tempo, meter.deviceId, meter.upload - before.upload, meter.download - before.download);
    }
    draft.putMeter(meter);
  }
  for (const id of disturbed) disturb(draft, id, touched);
  const unread = noteMissing(draft, memory, missing, touched);
  followActivity(draft, memory, now, touched);
  followSpeeds(draft, memory, touched, now);
  for (const id of touched) if (!unread.has(id)) settleAccount(draft, memory, id);
  memory.unsettled.clear();
  memory.lastReadingAt = now;
  // Where a counter may be lost, nothing is decided until the next reading has told; nor is what was used known till then.
  for (const id of memory.again) {
    touched.delete(id);
    memory.unsettled.add(id);
  }
  return touched;
}

function noteTraffic(memory: Memory, before: Meter, meter: Meter, now: number): void {
  const upload = meter.upload - before.upload;
  const download = meter.download - before.download;
  if (upload + download <= 0n) return;
  const known = memory.traffic.get(meter.deviceId);
  const sinceMs = now - (memory.lastReadingAt ?? now);
  const traffic = observeTraffic(known, { upload, download }, now, sinceMs);
  if (!isActive(known, now) && isActive(traffic, now)) memory.risen.add(meter.deviceId);
  memory.traffic.set(meter.deviceId, traffic);
}

function disturb(draft: Draft, subscriptionId: string, touched: Set<string>): void {
  draft.putAccount({ ...draft.account(subscriptionId), disturbed: true });
  touched.add(subscriptionId);
}

/**
 * A counter that is missing twice is lost: its device is closed, read and made anew. Returns the subscriptions whose
 * usage is not fully known now.
 */
function noteMissing(
  draft: Draft,
  memory: Memory,
  missing: readonly string[],
  touched: Set<string>,
): Set<string> {
  const unread = new Set<string>();
  const before = new Set(memory.missing);
  memory.missing.clear();
  for (const id of missing) {
    const subscriptionId = draft.meter(id)?.subscriptionId;
    if (subscriptionId === undefined) continue;
    unread.add(subscriptionId);
    if (memory.broken.has(id)) continue;
    if (before.has(id)) {
      memory.broken.add(id);
      disturb(draft, subscriptionId, touched);
    } else {
      memory.missing.add(id);
      memory.again.add(subscriptionId);
    }
  }
  return unread;
}

function followActivity(draft: Draft, memory: Memory, now: number, touched: Set<string>): void {
  const since = now - (memory.lastReadingAt ?? now - 1000);
  for (const id of new Set([...memory.activity.keys(), ...draft.usedMore.keys()])) {
    const activity = observeUsage(activityOf(memory, id), draft.usedMore.get(id) ?? 0n, since, now);
    if (now - activity.stirredAt < 2 * idleAfterMs) {
      memory.activity.set(id, activity);
      touched.add(id);
    } else {
      memory.activity.delete(id);
    }
  }
}

function settleAccount(draft: Draft, memory: Memory, subscriptionId: string): void {
  const account = draft.account(subscriptionId);
  if (account.disturbed) return;
  const live = liveOf(memory, subscriptionId);
  draft.putAccount(settle(account, draft.used(subscriptionId), liveBytes(live)));
}

/** What the kernel lets pass for a subscription, by what is known of it. */
export function liveOf(memory: Memory, subscriptionId: string): Live {
  const allowed = new Set<string>();
  const quotas = new Set<string>();
  let unlimited = false;
  for (const id of memory.members.get(subscriptionId) ?? []) {
    const pass = memory.gate.devices.get(id)?.pass;
    if (pass?.kind === 'unlimited') unlimited = true;
    if (pass?.kind === 'allowance') allowed.add(id);
    if (pass?.kind === 'quota') quotas.add(pass.quota);
  }
  if (unlimited) return { kind: 'unlimited' };
  if (quotas.size > 0) {
    let remaining = 0n;
    for (const name of quotas) remaining += memory.remaining.get(name) ?? 0n;
    return { kind: 'quota', remaining };
  }
  return allowed.size > 0 ? { kind: 'allowance', devices: allowed } : { kind: 'nothing' };
}

export function liveBytes(live: Live): bigint {
  switch (live.kind) {
    case 'quota':
      return live.remaining;
    case 'allowance':
      return allowances(live.devices.size);
    case 'unlimited':
    case 'nothing':
      return 0n;
  }
}
