/** What was seen lately of one subscription's traffic on this node; in memory only. Times are monotonic milliseconds. */
export interface Activity {
  readonly bytesPerSecond: number;
  /** The last time that usage grew. */
  readonly grewAt: number;
  /** The last time that usage grew, or that a device sent and was refused. */
  readonly stirredAt: number;
  /** The last time that a device sent and was refused. */
  readonly knockedAt: number;
}

export const quiet: Activity = {
  bytesPerSecond: 0,
  grewAt: Number.NEGATIVE_INFINITY,
  stirredAt: Number.NEGATIVE_INFINITY,
  knockedAt: Number.NEGATIVE_INFINITY,
};

const memoryMs = 3_000;

/** Without growth for so long (more than a beat), the traffic has stopped: the rate of before says nothing any more. */
const stoppedMs = 1_500;

/** Follows usage: `bytes` more than at the reading `sinceMs` ago. */
export function observeUsage(activity: Activity, bytes: bigint, sinceMs: number, now: number): Activity {
  if (bytes === 0n && activity.bytesPerSecond === 0) return activity;
  const span = Math.max(sinceMs, 1);
  const weight = 1 - Math.exp(-span / memoryMs);
  const rate = (Number(bytes) * 1000) / span;
  const smoothed = activity.bytesPerSecond + weight * (rate - activity.bytesPerSecond);
  if (bytes === 0n) {
    const stopped = now - activity.grewAt >= stoppedMs || smoothed < 1;
    return { ...activity, bytesPerSecond: stopped ? 0 : smoothed };
  }
  return { ...activity, bytesPerSecond: smoothed, grewAt: now, stirredAt: now };
}

export function observeKnock(activity: Activity, now: number): Activity {
  return { ...activity, stirredAt: now, knockedAt: now };
}
