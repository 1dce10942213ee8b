import type { Limits } from '../speed/limits.ts';
import { limitsOf, speedInForce } from '../speed/limits.ts';
import { type Level, noLevel, shareOut } from '../speed/shares.ts';
import { sample } from '../speed/tempo.ts';
import type { Draft } from './draft.ts';
import type { Memory } from './memory.ts';

/** A fresh limit lets a second's worth pass at once: what that does to the rates must be over before they are judged. */
const holdMs = 4_000;

/** Follows how fast devices go, and shares out anew what those of one subscription share. */
export function followSpeeds(draft: Draft, memory: Memory, touched: Iterable<string>, now: number): void {
  if (!sample(memory.tempo, now)) return;
  for (const id of touched) {
    const held = memory.levels.get(id);
    if (held && now - held.since < holdMs) continue;
    const level = levelOf(draft, memory, id);
    if (level === noLevel) memory.levels.delete(id);
    else if (held === undefined || !sameLevel(held.level, level))
      memory.levels.set(id, { level, since: now });
  }
}

function sameLevel(left: Level, right: Level): boolean {
  return left.upload === right.upload && left.download === right.download;
}

function levelOf(draft: Draft, memory: Memory, subscriptionId: string): Level {
  const { pool } = wantedLimits(draft, memory, subscriptionId);
  const level = memory.levels.get(subscriptionId)?.level ?? noLevel;
  const share = (key: 'upload' | 'download') => {
    const whole = pool[key];
    if (whole === undefined) return undefined;
    const rates = [...(memory.members.get(subscriptionId) ?? [])].map(
      (id) => memory.tempo.rates.get(id)?.[key] ?? 0,
    );
    const current = level[key];
    const next = shareOut(Number(whole), rates, current === undefined ? undefined : Number(current));
    return next === undefined ? undefined : BigInt(Math.ceil(next));
  };
  const next = { upload: share('upload'), download: share('download') };
  return next.upload === undefined && next.download === undefined ? noLevel : next;
}

/** What a subscription's devices should be limited to now. */
export function wantedLimits(draft: Draft, memory: Memory, subscriptionId: string): Limits {
  const desired = draft.subscription(subscriptionId) ?? {};
  const speed = speedInForce(desired, memory.throttled.has(subscriptionId));
  return limitsOf(speed, memory.levels.get(subscriptionId)?.level ?? noLevel);
}
