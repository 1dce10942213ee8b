import type { Level } from './shares.ts';

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

/** About a beat: events may bring readings much closer to each other, which say little. */
const sampleMs = 900;

const none: Rate = { upload: 0, download: 0 };

export function newTempo(): Tempo {
  return { sampledAt: undefined, moved: new Map(), rates: new Map() };
}

export function noteMoved({ moved }: Tempo, deviceId: string, upload: bigint, download: bigint): void {
  const before = moved.get(deviceId) ?? none;
  moved.set(deviceId, {
    upload: before.upload + Number(upload),
    download: before.download + Number(download),
  });
}

/** Takes what moved into the rates, when it is time for that; whether it was. */
export function sample(tempo: Tempo, now: number): boolean {
  const { moved, rates } = tempo;
  const sinceMs = now - (tempo.sampledAt ?? Number.NEGATIVE_INFINITY);
  if (sinceMs < sampleMs) return false;
  for (const id of new Set([...rates.keys(), ...moved.keys()])) {
    const before = rates.get(id) ?? none;
    const bytes = moved.get(id) ?? none;
    // Half of what was, half of what is: one second of silence is no end.
    const upload = (before.upload + (bytes.upload * 1000) / sinceMs) / 2;
    const download = (before.download + (bytes.download * 1000) / sinceMs) / 2;
    if (upload + download < 1) rates.delete(id);
    else rates.set(id, { upload, download });
  }
  moved.clear();
  tempo.sampledAt = now;
  return true;
}
