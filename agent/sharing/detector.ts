/**
 * Whether one key is used on two devices here, from where its packets come (names of endpoints, agent/wireguard/places.ts)
 * and when it shook hands. Two copies take the session from each other: packets come from one place and the other in turn,
 * and whoever is not answered shakes hands again after 15 s, where rekeying would do after 120 s. Who walks in and out of
 * a network returns to places too, and shakes hands early where an answer went to the place that it had left; but moves are
 * fewer than packets.
 */
export interface Trace {
  /** Where it was heard, one entry for each change, the oldest first. Times are monotonic milliseconds. */
  readonly visits: readonly Visit[];
  /** Unix seconds, one for each that was seen. */
  readonly handshakes: readonly number[];
  /** The look before; monotonic milliseconds. */
  readonly lookedAt: number;
  /** When it last shook hands long before rekeying needs it; monotonic milliseconds. */
  readonly earlyAt: number;
  /** Its key counts as shared until then. */
  readonly sharedUntil: number;
}

interface Visit {
  readonly place: string;
  readonly at: number;
  /** When it was seen at the place before for the last time. */
  readonly leftAt: number;
  /** It had been there before. */
  readonly back: boolean;
}

const windowMs = 120_000;
/** Ten times out and back are 20 changes, 19 of them returns: more of them, however fast, is no walk. */
const manyReturns = 25;
const manyWithinMs = 60_000;
/** Enough beside early handshakes, also of a walker's pace; */
const severalReturns = 20;
/** or so many from an absence that was shorter than any walk: ten times out and back in a minute are 3 s each. */
const swiftReturns = 4;
const swiftMs = 2_500;
/** Far below the 120 s after which WireGuard renews a session by itself (REKEY_AFTER_TIME). */
const shortGapSeconds = 35;
const shortGaps = 2;
const evidenceMs = 600_000;
const suspicionMs = 30_000;

const longAgo = Number.NEGATIVE_INFINITY;
export const noTrace: Trace = {
  visits: [],
  handshakes: [],
  lookedAt: longAgo,
  earlyAt: longAgo,
  sharedUntil: longAgo,
};

/** What WireGuard says of the peer at one look. */
export interface PeerLook {
  readonly place?: string;
  /** Unix seconds; 0: never. */
  readonly latestHandshake: number;
}

export function followPeer(trace: Trace, look: PeerLook, now: number): Trace {
  const visits = addVisit(trace, look.place, now);
  const handshakes = addHandshake(trace.handshakes, look.latestHandshake);
  if (visits === trace.visits && handshakes === trace.handshakes) return { ...trace, lookedAt: now };
  const early = handshakes !== trace.handshakes && isShort(handshakes.at(-2), look.latestHandshake);
  const followed = { ...trace, visits, handshakes, lookedAt: now, ...(early && { earlyAt: now }) };
  return isEvidence(followed, now) ? afterEvidence(followed, now) : followed;
}

/**
 * What was found to be evidence is no evidence again: else whoever gave the second copy up, and comes back to a place or
 * shakes hands once more, would begin the ten minutes anew. Two that go on find themselves anew as quickly as at first.
 */
function afterEvidence(trace: Trace, now: number): Trace {
  return {
    ...trace,
    visits: trace.visits.slice(-1),
    handshakes: trace.handshakes.slice(-1),
    sharedUntil: now + evidenceMs,
  };
}

/** Of a device that is closed: where it is heard says nothing then, but what was found holds for as long as it would. */
export function restTrace({ sharedUntil }: Trace, now: number): Trace {
  return now < sharedUntil ? { ...noTrace, sharedUntil } : noTrace;
}

export function isShared({ sharedUntil }: Trace, now: number): boolean {
  return now < sharedUntil;
}

/**
 * It came back to a place just now, or shook hands early: worth looking more often. Two that send in step may be seen at
 * one place at every look otherwise.
 */
export function isSuspect({ visits, earlyAt }: Trace, now: number): boolean {
  return now - earlyAt < suspicionMs || visits.some(({ at, back }) => back && now - at < suspicionMs);
}

function isShort(before: number | undefined, at: number): boolean {
  return before !== undefined && at - before <= shortGapSeconds;
}

/** The last visit lasts still, so it stays, whatever its age. */
function addVisit({ visits, lookedAt }: Trace, place: string | undefined, now: number): readonly Visit[] {
  if (place === undefined || place === visits.at(-1)?.place) return visits;
  // A place counts as known for as long as it is within the window after it was left, which is when the next one began.
  const recent = visits.filter((_, n) => now - (visits[n + 1]?.at ?? now) < windowMs);
  return [
    ...recent,
    { place, at: now, leftAt: lookedAt, back: recent.some((visit) => visit.place === place) },
  ];
}

function addHandshake(handshakes: readonly number[], latest: number): readonly number[] {
  if (latest === 0 || latest === handshakes.at(-1)) return handshakes;
  const from = latest - windowMs / 1000;
  return [...handshakes.filter((at) => at > from && at < latest), latest];
}

function isEvidence({ visits, handshakes }: Trace, now: number): boolean {
  const returnsWithin = (ms: number) => visits.filter(({ at, back }) => back && now - at < ms).length;
  if (returnsWithin(manyWithinMs) >= manyReturns) return true;
  const gaps = handshakes.filter((at, n) => isShort(handshakes[n - 1], at)).length;
  if (gaps < shortGaps) return false;
  // Seen elsewhere after `leftAt` and back at `at`: it was away no longer than between the two, however rare the looks.
  const swift = visits.filter(({ at, back }, n) => {
    const away = visits[n - 1];
    return back && away !== undefined && at - away.leftAt < swiftMs && now - at < windowMs;
  });
  return swift.length >= swiftReturns || returnsWithin(windowMs) >= severalReturns;
}
