/** What one round does, all of it drawn from the seed and the round's number. */
export interface RoundPlan<Name extends string = string> {
  readonly number: number;
  readonly fault: Name;
  /** Which node it strikes, from 1. */
  readonly node: number;
  /** Sold to the customer who is to run dry; drawn so that it ends before, during or after the fault. */
  readonly topUpBytes: bigint;
  /** The fault strikes once so much has passed. */
  readonly afterBytes: bigint;
  /** How long the fault lasts, where somebody ends it. */
  readonly lastsMs: number;
  /** For faults that come in several kinds; from 0 to below 1. */
  readonly kind: number;
}

/** The round of that number (from 1). Each fault comes once in as many rounds as there are, in an order of its own. */
export function drawRound<Name extends string>(
  seed: number,
  number: number,
  faults: readonly Name[],
): RoundPlan<Name> {
  const turn = Math.floor((number - 1) / faults.length);
  const order = shuffled(faults, generator(seed, -1 - turn));
  const fault = order[(number - 1) % faults.length];
  if (fault === undefined) throw new RangeError('there are no faults to draw from');
  const next = generator(seed, number);
  const between = (least: number, most: number) => Math.floor(least + next() * (most - least + 1));
  return {
    number,
    fault,
    node: between(1, 2),
    topUpBytes: BigInt(between(400, 1200)) * 1000n,
    afterBytes: BigInt(between(20, 500)) * 1000n,
    lastsMs: between(300, 2500),
    kind: next(),
  };
}

function shuffled<T>(items: readonly T[], next: () => number): T[] {
  return items
    .map((item) => ({ item, at: next() }))
    .sort((left, right) => left.at - right.at)
    .map(({ item }) => item);
}

/** mulberry32: 32 bits of state, enough to draw a few dozen numbers that repeat on every machine. */
function generator(seed: number, stream: number): () => number {
  let state = Math.imul(seed ^ Math.imul(stream, 0x9e3779b1), 0x85ebca6b) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
