import type { Limits } from '../speed/limits.ts';
import { limitsOf, speedInForce } from '../speed/limits.ts';
import { type Level, noLevel, shareOut } from '../speed/shares.ts';
import type { Draft } from './draft.ts';
import type { Memory } from './memory.ts';

/** Bytes per second that the gate accepted of a device lately. */
export interface Rate {
  readonly upload: number;
  readonly download: number;
}

/** How fast devices went lately; of those that went at all. */
export interface Tempo {
  /** Monotonic milliseconds; undefined before the first reading. */
  sampledAt: number | undefined;
  /** Bytes since then. */
  readonly moved: Map<string, Rate>;
  readonly rates: Map<string, Rate>;
}

/** A level in force, and since when (monotonic milliseconds). */
export interface HeldLevel {
  readonly level: Level;
  readonly since: number;
}

/** A fresh limit lets a second's worth pass at once: what that does to the rates must be over before they are judged. */
const holdMs = 4_000;

/** About a beat: events may bring readings much closer to each other, which say little. */
const sampleMs = 900;

export function noteMoved({ moved }: Tempo, deviceId: string, upload: bigint, download: bigint): void {
  const before = moved.get(deviceId) ?? { upload: 0, download: 0 };
  moved.set(deviceId, {
    upload: before.upload + Number(upload),
    download: before.download + Number(download),
  });
}

/** Follows how fast devices go, and shares out anew what those of one subscription share. */
export function followSpeeds(draft: Draft, memory: Memory, touched: Iterable<string>, now: number): void {
  const { tempo } = memory;
  const since = now - (tempo.sampledAt ?? Number.NEGATIVE_INFINITY);
  if (since < sampleMs) return;
  sample(tempo, since, now);
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

// Half of what was, half of what is: one second of silence is no end.
function sample(tempo: Tempo, sinceMs: number, now: number): void {
  const { moved, rates } = tempo;
  const none = { upload: 0, download: 0 };
  for (const id of new Set([...rates.keys(), ...moved.keys()])) {
    const before = rates.get(id) ?? none;
    const bytes = moved.get(id) ?? none;
    const upload = (before.upload + (bytes.upload * 1000) / sinceMs) / 2;
    const download = (before.download + (bytes.download * 1000) / sinceMs) / 2;
    if (upload + download < 1) rates.delete(id);
    else rates.set(id, { upload, download });
  }
  moved.clear();
  tempo.sampledAt = now;
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
