import fc from 'fast-check';
import { expect, it } from 'vitest';
import { passableBytes } from './beyond.ts';
import { believe, bookReport, passedOver, type ReportedTotals } from './book.ts';
import {
  claimedBytes,
  emptyRow,
  freeBytes,
  gateBytes,
  type LedgerRow,
  outstandingBytes,
  settledBytes,
} from './row.ts';

const hour = 3_600_000;
const bytes = fc.bigInt({ min: 0n, max: 10n ** 12n });
const rate = fc.bigInt({ min: 0n, max: 10n ** 9n });

interface World {
  readonly row: LedgerRow;
  readonly volume: bigint;
  readonly throttling: boolean;
}

const around: fc.Arbitrary<World> = fc
  .record({
    beyondRate: rate,
    granted: bytes,
    more: bytes,
    multiplier: fc.bigInt({ min: 1n, max: 5_000n }),
    throttling: fc.boolean(),
  })
  .map(({ beyondRate, granted, more, multiplier, throttling }) => ({
    row: { ...emptyRow, beyondRate, granted, multiplier },
    volume: (granted * multiplier + 999n) / 1000n + more,
    throttling: throttling && beyondRate > 0n,
  }));

/** What a report is booked as. */
function book(
  { row, volume, throttling }: World,
  used: bigint,
  milliseconds: number,
  reported?: ReportedTotals,
): LedgerRow {
  const around = { throttling, free: () => freeBytes(volume, [row]), milliseconds: () => milliseconds };
  const said = believe(row, used, reported, around);
  return bookReport(row, said.used, said.reported, around);
}

it('whatever a node says, and however often, it bills no more than was sold and its speed can have carried', () => {
  fc.assert(
    fc.property(around, fc.array(bytes, { maxLength: 8 }), fc.nat(30 * 24 * hour), (start, steps, until) => {
      const most =
        start.row.granted +
        gateBytes(start.row, freeBytes(start.volume, [start.row])) +
        passableBytes(start.row.beyondRate, until) +
        // Volumes are counted in whole bytes.
        1000n / start.row.multiplier +
        1n;
      let { row } = start;
      for (const step of steps) row = book({ ...start, row }, row.used + step, until);
      expect(row.used).toBeLessThanOrEqual(most);
    }),
    { numRuns: 2_000 },
  );
});

it('whatever a node says is used, given back or written off, a volume that closes is spoken for once', () => {
  const claim = fc.record({ used: bytes, writtenOff: bytes, released: bytes });
  fc.assert(
    fc.property(around, fc.array(claim, { maxLength: 8 }), (start, claims) => {
      const { volume } = start;
      let row: LedgerRow = { ...start.row, beyondRate: 0n };
      for (const { used, ...gone } of claims) {
        const reported = { ...passedOver, ...gone, granted: row.granted, over: false };
        row = book({ row, volume, throttling: false }, used, 0, reported);
        expect(claimedBytes(row)).toBeLessThanOrEqual(volume);
        expect(settledBytes(row)).toBeLessThanOrEqual(volume);
        expect(outstandingBytes(row)).toBeGreaterThanOrEqual(0n);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('an honest node is believed at every moment, whenever it is heard and though the clock went back by an hour', () => {
  const step = fc.record({ milliseconds: fc.nat(48 * hour), share: fc.nat(110), heard: fc.boolean() });
  fc.assert(
    fc.property(around, fc.array(step, { maxLength: 8 }), (start, steps) => {
      let { row } = start;
      let milliseconds = 0;
      let used = start.row.granted;
      for (const { milliseconds: more, share, heard } of steps) {
        milliseconds += more;
        used += (row.beyondRate * BigInt(more) * BigInt(share)) / 100_000n;
        if (!heard) continue;
        row = book({ ...start, row }, used, milliseconds - hour);
        expect(row.used).toBe(used);
      }
    }),
    { numRuns: 2_000 },
  );
});
