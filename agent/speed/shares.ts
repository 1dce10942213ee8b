/** The most that any one device may have of a speed that it shares, bytes per second; undefined: no bound of its own. */
export interface Level {
  readonly upload: bigint | undefined;
  readonly download: bigint | undefined;
}

export const noLevel: Level = { upload: undefined, download: undefined };

/** From this part of the pool on, it is contended. */
const contendedFrom = 0.9;
/** A device may go so much beyond its rate, and by this part of an equal share: who is held back can show that he wants more. */
const growth = 1.1;
const foothold = 0.1;
/** Where the others use up what the level leaves them, it is the pool that holds them back, and they may double at once. */
const growthInNeed = 2;
const usedUpFrom = 0.9;
/** At this part of the level a device is held back by it. */
const heldBackFrom = 0.9;
/** A level that would rise by less stays. */
const risesFrom = 0.1;
/** Where it would fall by more, somebody wants much more than he was seen to. */
const fallsFrom = 0.2;
/** Who has less than this part of an equal share passes next to nothing. */
const least = 0.002;

/**
 * Max-min fair shares of a pool: the level up to which each device may go, so that those who want less have all of it, and
 * the others the same. `rates` are what the gate accepted of each lately, `level` is what is in force. All in bytes per
 * second. Undefined when nobody needs protection: fewer than two pass, or the pool is not full and nobody held back.
 *
 * What a device wants is seen only while it is not held back, by its level or by a pool that is full. So when one of those that want less begins to want much more,
 * all get an equal share first, and what is not used of it is given on after that. What swings a little, as the answers to a
 * download do, is followed.
 */
export function shareOut(
  pool: number,
  rates: readonly number[],
  level: number | undefined,
): number | undefined {
  const passing = rates.filter((rate) => rate >= (least * pool) / rates.length);
  const used = passing.reduce((sum, rate) => sum + rate, 0);
  const isHeldBack = (rate: number) => level !== undefined && rate >= level * heldBackFrom;
  const contended = used >= pool * contendedFrom || passing.some(isHeldBack);
  if (passing.length < 2 || !contended) return undefined;
  const equal = pool / passing.length;
  const others = passing.filter((rate) => !isHeldBack(rate));
  const left = pool - (passing.length - others.length) * (level ?? 0);
  const inNeed = others.reduce((sum, rate) => sum + rate, 0) >= left * usedUpFrom;
  const wants = passing.map((rate) =>
    isHeldBack(rate) ? Number.POSITIVE_INFINITY : rate * (inNeed ? growthInNeed : growth) + equal * foothold,
  );
  const next = waterLevel(pool, wants);
  if (level === undefined) return next;
  if (next < level * (1 - fallsFrom)) return equal;
  const room = 1 - foothold / passing.length;
  // A little below, so that it need not fall again at the next swing.
  if (next < level * room) return next * room;
  return next > level * (1 + risesFrom) ? next : level;
}

/** The level L at which the sum of min(want, L) is the pool; the pool itself when nobody wants more than there is. */
export function waterLevel(pool: number, wants: readonly number[]): number {
  let left = pool;
  const ascending = wants.toSorted((a, b) => a - b);
  for (const [index, want] of ascending.entries()) {
    const equal = left / (ascending.length - index);
    if (want >= equal) return equal;
    left -= want;
  }
  return pool;
}
