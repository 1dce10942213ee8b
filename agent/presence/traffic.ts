/** What the gate accepted of one device lately. Times are monotonic milliseconds; in memory only. */
export interface Traffic {
  readonly passedAt: number;
  /** Accepted since `since`, while it is not yet enough to count as active. */
  readonly bytes: bigint;
  readonly since: number;
  readonly activeUntil: number;
  /** The part of the last seconds that had upload, 0 to 1, as of `uploadedAt`. */
  readonly uploadShare: number;
  readonly uploadedAt: number;
}

/** So much within so long takes and holds a seat: what an idle device's programs say now and then does not. */
export const activeBytes = 1024n;
const activeMs = 60_000;
/** How far back the share of upload looks. */
const shareMs = 5_000;
/**
 * Above one half: who changes from one node to another uploads on one after the other, so that the two shares together
 * never come to more than one.
 */
const uploadingShare = 0.6;
/** Who sends every second is uploading all the time, though not every reading finds something. */
const gapMs = 1_000;

/** Follows a reading that found so many bytes more than the one `sinceMs` ago. */
export function observeTraffic(
  before: Traffic | undefined,
  { upload, download }: { readonly upload: bigint; readonly download: bigint },
  now: number,
  sinceMs: number,
): Traffic {
  const open = before !== undefined && now - before.since < activeMs ? before : undefined;
  const bytes = (open?.bytes ?? 0n) + upload + download;
  const enough = bytes >= activeBytes;
  return {
    passedAt: now,
    bytes: enough ? 0n : bytes,
    since: enough ? now : (open?.since ?? now),
    activeUntil: enough ? now + activeMs : (before?.activeUntil ?? now),
    ...(upload > 0n
      ? { uploadShare: raiseShare(before, now, sinceMs), uploadedAt: now }
      : { uploadShare: before?.uploadShare ?? 0, uploadedAt: before?.uploadedAt ?? now }),
  };
}

function raiseShare(before: Traffic | undefined, now: number, sinceMs: number): number {
  const covered = Math.max(sinceMs, gapMs);
  if (before === undefined) return 1 - decay(covered);
  const idle = Math.max(0, now - before.uploadedAt - covered);
  const filled = Math.min(now - before.uploadedAt, covered);
  return 1 - (1 - before.uploadShare * decay(idle)) * decay(filled);
}

const decay = (ms: number) => Math.exp(-ms / shareMs);

export function isActive(traffic: Traffic | undefined, now: number): boolean {
  return traffic !== undefined && now < traffic.activeUntil;
}

/** `readAt`: when the counters were read last. Between two readings, of which a busy node makes fewer, nobody knows. */
export function isUploading(traffic: Traffic | undefined, readAt: number): boolean {
  return traffic !== undefined && traffic.uploadShare * decay(readAt - traffic.uploadedAt) >= uploadingShare;
}
