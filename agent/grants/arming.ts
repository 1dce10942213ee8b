import { arm, spareBytes } from './account.ts';
import {
  allowances,
  idleAfterMs,
  lowMark,
  poolAfterMs,
  quietAfterMs,
  sliceOf,
  smallestSwap,
} from './figures.ts';
import { closing, common, type Decision, holding, type Situation, spent, type Target } from './situation.ts';

/**
 * What a subscription gets whose devices may pass, within what it was granted; and beyond that, where it is throttled
 * instead of closed. What passes throttled is counted as usage and was never armed: first it uses up a spare too small
 * to arm, and what is beyond the grant then is beyond `armed + writtenOff + released ≤ granted` too, as with unlimited
 * metering. A grant that comes is armed on top of the usage at the last reading.
 */
export function arming(situation: Situation): Decision {
  const decision = serve(situation);
  // A customer who went to another node must not draw there what he left: only who sends wants.
  return { ...decision, wanting: decision.wanting && situation.quietMs < quietAfterMs };
}

function serve(situation: Situation): Decision {
  const { account, live } = situation;
  const engaged = situation.quietMs < idleAfterMs;
  if (live.kind === 'quota') {
    return engaged ? onQuota(situation, live.remaining) : leaveQuota(situation, live.remaining);
  }
  if (!engaged) return resting(situation);
  if (live.kind === 'allowance') return leaveAllowance(situation, live.devices);
  // Who passes throttled uses up by that what is left; a few bytes would only stop him for a moment.
  const enough = live.kind === 'unlimited' ? smallestSwap - 1n : situation.futileBytes;
  if (spareBytes(account) > enough) return armQuota(situation);
  return { ...holding(situation, spent(situation)), wanting: true };
}

/** Allowances for as many open devices as the spare reaches for; those that are armed stay. */
export function resting(situation: Situation): Decision {
  const { desired, live, openDevices } = situation;
  const devices = live.kind === 'allowance' ? common(live.devices, openDevices) : new Set<string>();
  let account = situation.account;
  for (const id of desired.allowance ? openDevices : []) {
    if (devices.has(id)) continue;
    if (spareBytes(account) < allowances(1)) break;
    devices.add(id);
    account = arm(account, allowances(1));
  }
  const target: Target = devices.size === 0 ? spent(situation) : { kind: 'allowance', devices };
  return { ...holding(situation, target), account };
}

function onQuota(situation: Situation, remaining: bigint): Decision {
  const spare = spareBytes(situation.account);
  const low = lowMark(situation.bytesPerSecond);
  // A swap gives up what the old object holds until the next reading, so it must bring more than that.
  const better =
    remaining === 0n
      ? spare > situation.futileBytes
      : sliceOf(spare, situation.bytesPerSecond, situation.wary) > remaining;
  if (remaining < low && better) return armQuota(situation);
  return { ...holding(situation, onObject(situation, remaining)), wanting: spare + remaining < low };
}

/** On what is left of the object, if there is anything. */
function onObject(situation: Situation, remaining: bigint): Target {
  const throttled = remaining === 0n && situation.desired.throttle !== undefined;
  return throttled ? spent(situation) : { kind: 'quota', bytes: undefined };
}

function leaveQuota(situation: Situation, remaining: bigint): Decision {
  const { account, desired, openDevices } = situation;
  if (!desired.allowance) return holding(situation, onObject(situation, remaining));
  // What the object still holds comes back with the reading after its end, so it may have to end first.
  const decision =
    spareBytes(account) < allowances(openDevices.size) ? closing(situation) : resting(situation);
  return { ...decision, rest: true };
}

/** The first traffic after a rest. The allowance carries it until a grant is here. */
function leaveAllowance(situation: Situation, devices: ReadonlySet<string>): Decision {
  const { account, desired, used, openDevices, futileBytes } = situation;
  const spare = spareBytes(account);
  if (spare >= smallestSwap) return armQuota(situation);
  // No grant came: one device may still use what the others' allowances hold.
  const stuck = situation.wantingMs >= poolAfterMs || situation.unrefusedMs < poolAfterMs;
  const pooled = account.armed - used + spare;
  if (stuck && pooled > futileBytes) return { ...closing(situation), wanting: true };
  if (stuck && desired.throttle) return { ...holding(situation, spent(situation)), wanting: true };
  const kept: Target = { kind: 'allowance', devices: common(devices, openDevices) };
  return { ...holding(situation, kept), wanting: true };
}

function armQuota(situation: Situation): Decision {
  const rate = situation.bytesPerSecond;
  const bytes = sliceOf(spareBytes(situation.account), rate, situation.wary);
  const account = arm(situation.account, bytes);
  return {
    ...holding(situation, { kind: 'quota', bytes }),
    account,
    wanting: spareBytes(account) + bytes < lowMark(rate),
  };
}
