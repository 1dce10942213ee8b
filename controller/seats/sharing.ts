/**
 * One key that uploads on two nodes at once. Who changes server uploads on one after the other, however often: `uploading`
 * says that most of the last seconds had upload, which cannot be so on both (agent/presence/traffic.ts).
 */
export interface Overlap {
  /** Since when it has been uploading on two nodes without a break, monotonic milliseconds. */
  readonly since: number | undefined;
  /** Until when its key counts as shared by that. */
  readonly sharedUntil: number | undefined;
}

export const noOverlap: Overlap = { since: undefined, sharedUntil: undefined };

export const overlapMs = 15_000;
export const evidenceMs = 600_000;

/** `nodes`: on how many it is uploading now. */
export function followOverlap(overlap: Overlap, nodes: number, now: number): Overlap {
  const since = nodes < 2 ? undefined : (overlap.since ?? now);
  const evident = since !== undefined && now - since >= overlapMs;
  const sharedUntil = evident ? now + evidenceMs : overlap.sharedUntil;
  return { since, sharedUntil: sharedUntil !== undefined && sharedUntil > now ? sharedUntil : undefined };
}

/** When time alone changes what {@link followOverlap} says. */
export function overlapDueAt({ since, sharedUntil }: Overlap): number | undefined {
  if (sharedUntil !== undefined) return sharedUntil;
  return since === undefined ? undefined : since + overlapMs;
}
