import type { DesiredDevice } from '../desired/state.ts';
import { endPeriod, grantedInNext, type PeriodEnd } from '../grants/period.ts';
import { type Meter, usedBytes } from '../meter/meter.ts';
import type { Draft } from './draft.ts';
import type { Memory } from './memory.ts';
import { liveBytes, liveOf } from './reading.ts';

/**
 * The period that a subscription should be in by now, or undefined when it is in it: the one that the controller names,
 * or, when that one is over by the controller's clock, the one after it.
 */
export function periodDue(draft: Draft, subscriptionId: string, controllerNow: number): number | undefined {
  const item = draft.subscription(subscriptionId);
  const account = draft.knownAccount(subscriptionId);
  if (item === undefined || account === undefined) return undefined;
  const over = item.periodEndsAt !== undefined && item.periodEndsAt <= controllerNow;
  const period = over ? item.period + 1 : item.period;
  return period > account.period ? period : undefined;
}

/**
 * Begins the next period of these subscriptions, right after a reading and before anything is decided: all that was
 * counted until then is of the period before. Returns those that must be closed and read first, because what the kernel
 * may still pass would not fit into what the next period was granted.
 */
export function turnPeriods(
  draft: Draft,
  memory: Memory,
  candidates: Iterable<string>,
  controllerNow: number,
): Set<string> {
  const waiting = new Set<string>();
  for (const id of candidates) {
    const period = periodDue(draft, id, controllerNow);
    if (period === undefined) continue;
    if (!turnPeriod(draft, memory, id, period)) {
      waiting.add(id);
      memory.again.add(id);
    }
  }
  return waiting;
}

/** Of a device that comes to the gate: what it used in an older period, before it left, is said in that one. */
export function meterInPeriod(draft: Draft, device: DesiredDevice): Meter {
  const meter = draft.meterOf(device);
  const { period } = draft.account(device.subscriptionId);
  if (meter.period === period) return meter;
  if (usedBytes(meter) > 0n) addToClosed(draft, meter);
  return draft.turnMeter(meter, period);
}

function turnPeriod(draft: Draft, memory: Memory, id: string, period: number): boolean {
  const account = draft.account(id);
  const item = draft.subscription(id);
  const live = liveOf(memory, id);
  // Where a counter may be lost, the account is not to be trusted before that is cleared up.
  if (account.disturbed || memory.unsettled.has(id) || memory.again.has(id)) return false;
  const free = item?.metering === 'unlimited' || item?.throttle !== undefined;
  if (live.kind === 'unlimited' && !free) return false;
  const named = item?.period === period ? item : undefined;
  const end: PeriodEnd = {
    account,
    used: draft.used(id),
    live: liveBytes(live),
    period,
    granted: named?.grantedBytes ?? 0n,
    voucher: named?.voucher,
    recall: item?.period === account.period ? item.recall : 0,
  };
  if (end.live > grantedInNext(end)) return false;

  const members = [...(memory.members.get(id) ?? [])].flatMap((device) => draft.meter(device) ?? []);
  const devices = members
    .filter((meter) => meter.period === account.period && usedBytes(meter) > 0n)
    .map(({ deviceId, upload, download }) => ({ deviceId, upload, download }));
  const { closed, next } = endPeriod(end, devices);
  if (closed) draft.putClosed(closed);
  for (const meter of members) {
    if (meter.period !== account.period && usedBytes(meter) > 0n) addToClosed(draft, meter);
    draft.turnMeter(meter, period);
  }
  draft.turnAccount(next);
  for (const forgotten of [memory.lastArmed, memory.wantingSince, memory.owing]) forgotten.delete(id);
  return true;
}

function addToClosed(draft: Draft, { deviceId, subscriptionId, period, upload, download }: Meter): void {
  const nothing = { granted: 0n, writtenOff: 0n, released: 0n, recall: 0, devices: [] };
  const closed = draft.closed(subscriptionId, period) ?? {
    subscriptionId,
    period,
    since: period,
    ...nothing,
  };
  const others = closed.devices.filter((device) => device.deviceId !== deviceId);
  draft.putClosed({ ...closed, devices: [...others, { deviceId, upload, download }] });
}
