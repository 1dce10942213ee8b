import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOut, waterLevel } from './shares.ts';

const pool = 1_000_000;

/** What devices get that want so much, under a level: the first takes what it can, but for crumbs. */
function served(wants: readonly number[], level = pool): number[] {
  const crumbs = wants.map((want) => Math.min(want, level, (0.01 * pool) / wants.length));
  let left = pool - crumbs.reduce((sum, crumb) => sum + crumb, 0);
  return wants.map((want, index) => {
    const more = Math.min(Math.min(want, level) - (crumbs[index] ?? 0), left);
    left -= more;
    return (crumbs[index] ?? 0) + more;
  });
}

/** Beat after beat, until nothing changes any more. */
function settle(wants: readonly number[]): { rates: number[]; level: number | undefined; beats: number } {
  let level: number | undefined;
  for (let beats = 0; beats < 200; beats += 1) {
    const rates = served(wants, level);
    const next = shareOut(pool, rates, level);
    if (next === level) return { rates, level, beats };
    level = next;
  }
  throw new Error('it does not come to rest');
}

describe('waterLevel', () => {
  const wants = fc.array(fc.double({ min: 0, max: 2 * pool, noNaN: true }), { minLength: 1, maxLength: 8 });

  it('gives out exactly the pool when more is wanted, and lets all go when not', () => {
    fc.assert(
      fc.property(wants, (all) => {
        const level = waterLevel(pool, all);
        const given = all.reduce((sum, want) => sum + Math.min(want, level), 0);
        const wanted = all.reduce((sum, want) => sum + want, 0);
        if (wanted >= pool) expect(given).toBeCloseTo(pool, 2);
        else expect(level).toBe(pool);
      }),
    );
  });

  it('is never below an equal share', () => {
    fc.assert(fc.property(wants, (all) => waterLevel(pool, all) >= pool / all.length - 1e-6));
  });
});

describe('shareOut', () => {
  it('leaves one device alone, and several while there is enough', () => {
    expect(shareOut(pool, [pool], undefined)).toBeUndefined();
    expect(shareOut(pool, [pool, 50], undefined)).toBeUndefined();
    expect(shareOut(pool, [0.4 * pool, 0.4 * pool], undefined)).toBeUndefined();
  });

  it.each([2, 3, 5])('brings %d greedy devices to equal shares, however little the last had', (count) => {
    const { rates } = settle(Array.from({ length: count }, () => 10 * pool));
    for (const rate of rates) expect(rate).toBeGreaterThan((0.85 * pool) / count);
  });

  it.each([1, 2, 4])(
    'shares out equally on the second look when %d begin beside one who has it all',
    (late) => {
      // Of a full pool they get what the level leaves; before there is one, TCP wins so little against many streams.
      const rates = (level: number) => {
        const each = Math.max(0.04 * pool, (pool - level) / late);
        return [pool - late * each, ...Array.from({ length: late }, () => each)];
      };
      const first = shareOut(pool, rates(pool), undefined) ?? pool;
      expect(shareOut(pool, rates(first), first)).toBe(pool / (late + 1));
    },
  );

  it('gives who wants less than his share all of it, and the other most of the rest', () => {
    const { rates } = settle([10 * pool, 0.2 * pool]);
    expect(rates[1]).toBe(0.2 * pool);
    expect(rates[0]).toBeGreaterThan(0.7 * pool);
  });

  it('comes to rest whoever wants how much, and then steady traffic changes nothing', () => {
    const want = fc.double({ min: 3000, max: 3 * pool, noNaN: true });
    fc.assert(
      fc.property(fc.array(want, { minLength: 2, maxLength: 6 }), (wants) => {
        const { rates, level } = settle(wants);
        expect(shareOut(pool, rates, level)).toBe(level);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([0.97, 1.03])('stays where it is when rates are %d of what they were', (part) => {
    const { rates, level } = settle([10 * pool, 0.2 * pool, 0.05 * pool]);
    const moved = rates.map((rate) => rate * part);
    expect(level).toBeDefined();
    expect(shareOut(pool, moved, level)).toBe(level);
  });

  it('leaves most of it to one who uploads beside the answers of two who download, however these swing', () => {
    const answer = fc.double({ min: 0.024, max: 0.096, noNaN: true });
    const beats = fc.array(fc.tuple(answer, answer), { minLength: 50, maxLength: 50 });
    fc.assert(
      fc.property(beats, (all) => {
        let level: number | undefined;
        const had = all.map((answers) => {
          const rates = answers.map((part) => part * pool);
          const left = pool - rates.reduce((sum, rate) => sum + rate, 0);
          const upload = Math.min(level ?? pool, left);
          level = shareOut(pool, [upload, ...rates], level);
          return upload;
        });
        const mean = had.reduce((sum, bytes) => sum + bytes, 0) / had.length;
        expect(mean).toBeGreaterThan(0.7 * pool);
      }),
    );
  });

  it('lets go when the others have stopped, or all have become slow', () => {
    expect(shareOut(pool, [pool / 2, 0], pool / 2)).toBeUndefined();
    expect(shareOut(pool, [0.3 * pool, 0.3 * pool], pool / 2)).toBeUndefined();
  });
});
