import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smaller } from './bigint.ts';
import { consumedOf, drawnBytes, ownBytes, packBytes, unusedBytes } from './volume.ts';
import { holdsExpired, isPending, type Standing, volumeOf, withdraw } from './withdraw.ts';

const amount = fc.bigInt({ min: 0n, max: 1000n });

/** Any that is sound: no more claimed than sold, no more settled than claimed. */
const standings: fc.Arbitrary<Standing> = fc
  .record({
    volume: amount,
    carriedIn: amount,
    withdrawn: amount,
    sizes: fc.array(fc.record({ size: amount, expired: fc.boolean() }), { maxLength: 4 }),
    refunds: fc.array(fc.record({ rest: amount, of: fc.option(fc.nat(3)), late: fc.boolean() }), {
      maxLength: 3,
    }),
    reduction: amount,
    shares: fc.tuple(fc.bigInt(0n, 100n), fc.bigInt(0n, 100n), fc.bigInt(0n, 100n), fc.bigInt(0n, 100n)),
  })
  .map(({ volume, carriedIn, withdrawn, sizes, refunds, reduction, shares }) => {
    // Expired ones come first in the order of consumption.
    const fresh = sizes
      .sort((a, b) => Number(b.expired) - Number(a.expired))
      .map((pack, n) => ({ ...pack, id: `p${n}`, spent: 0n }));
    const drawnEarlier = (packBytes(fresh) * shares[0]) / 100n;
    const taken = smaller(withdrawn, volume + carriedIn);
    const period = { volume, carriedIn, withdrawn: taken };
    const all = ownBytes(period) + packBytes(fresh) - drawnEarlier;
    const claimed = (all * shares[1]) / 100n;
    const settled = (claimed * shares[2]) / 100n;
    // In the other order: they came in another one than they are consumed in now.
    const held = ((drawnEarlier + drawnBytes(period, settled)) * shares[3]) / 100n;
    const spent = consumedOf(fresh.toReversed(), held).reverse();
    const packs = fresh.map((pack, n) => ({ ...pack, spent: spent[n] as bigint }));
    return {
      period,
      packs,
      drawnEarlier,
      claimed,
      settled,
      reduction,
      refunds: refunds.map(({ rest, of, late }, n) => ({
        id: `r${n}`,
        rest,
        pack: of === null || of >= packs.length ? null : `p${of}`,
        late,
      })),
    };
  });

const check = (test: (standing: Standing) => void) =>
  fc.assert(fc.property(standings, test), { numRuns: 2000 });
const rests = ({ refunds, reduction }: Standing) => refunds.reduce((sum, { rest }) => sum + rest, reduction);

describe('taking volume back', () => {
  it('never takes what is claimed, and leaves nothing below zero', () => {
    check((before) => {
      const after = withdraw(before);
      expect(volumeOf(after) >= after.claimed).toBe(true);
      expect(after.packs.every(({ size }) => size >= 0n)).toBe(true);
      expect(
        after.period.volume >= 0n && after.period.withdrawn <= after.period.volume + after.period.carriedIn,
      ).toBe(true);
    });
  });

  it('takes no more than was asked, and of each pack no more than it has', () => {
    check((before) => {
      const after = withdraw(before);
      for (const [n, { rest }] of after.refunds.entries()) {
        expect(rest >= 0n && rest <= (before.refunds[n]?.rest ?? 0n)).toBe(true);
      }
      const alive = { ...before, packs: before.packs.map((pack) => ({ ...pack, expired: false })) };
      const unexpired = withdraw(alive);
      expect(volumeOf(alive) - volumeOf(unexpired) <= rests(alive) - rests(unexpired)).toBe(true);
    });
  });

  it('takes all that it can at once: a second time there is nothing to take', () => {
    check((before) => {
      const once = withdraw(before);
      expect(withdraw(once)).toEqual(once);
    });
  });

  it('takes the rest when all has come back, or there was nothing unspent', () => {
    check((before) => {
      const quiet = withdraw({ ...withdraw(before), claimed: before.settled });
      for (const refund of quiet.refunds) expect(isPending(quiet, refund)).toBe(false);
      expect(holdsExpired(quiet)).toBe(false);
    });
  });
});

describe('the order of consumption', () => {
  it('takes from a pack only what those before it have not', () => {
    check(({ packs, claimed }) => {
      const consumed = consumedOf(packs, claimed);
      const first = consumed.findIndex((share, n) => share < (packs[n]?.size ?? 0n));
      const later = consumed.map((share, n) => n > first && share > (packs[n]?.spent ?? 0n));
      if (first !== -1) expect(later).not.toContain(true);
    });
  });

  it('leaves to each pack what was spent of it, and spreads all that is drawn', () => {
    check(({ packs, drawnEarlier, period, settled }) => {
      const drawn = drawnEarlier + drawnBytes(period, settled);
      const consumed = consumedOf(packs, drawn);
      expect(consumed.reduce((sum, share) => sum + share, 0n)).toBe(drawn);
      expect(consumed.every((share, n) => share >= (packs[n]?.spent ?? 0n))).toBe(true);
    });
  });

  it('with fewer claims, a period carries no less over and draws no more from packs', () => {
    check(({ period, claimed, settled }) => {
      expect(unusedBytes(period, settled) >= unusedBytes(period, claimed)).toBe(true);
      expect(drawnBytes(period, settled) <= drawnBytes(period, claimed)).toBe(true);
    });
  });
});
