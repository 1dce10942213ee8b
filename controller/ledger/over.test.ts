import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookReport, passedOver, type ReportedTotals } from './book.ts';
import { claimedBytes, emptyRow, type LedgerRow, outstandingBytes } from './row.ts';

/** One node in one period, which it leaves at some time; what it hears, it hears late or never. */
class Site {
  row: LedgerRow = emptyRow;
  passed = 0n;
  over = false;
  readonly sent: { used: bigint; reported: ReportedTotals }[] = [];
  #heard = 0n;
  #released = 0n;

  get spare(): bigint {
    return this.#heard - this.passed - this.#released;
  }

  grant(bytes: bigint): void {
    this.row = { ...this.row, granted: this.row.granted + bytes };
  }

  hear(): void {
    const more = this.row.granted - this.#heard;
    if (more <= 0n) return;
    this.#heard += more;
    // A grant that comes too late goes back as it is.
    if (this.over) this.#released += more;
  }

  pass(bytes: bigint): void {
    this.passed += bytes < this.spare ? bytes : this.spare;
  }

  release(bytes: bigint): void {
    this.#released += bytes < this.spare ? bytes : this.spare;
  }

  turn(): void {
    this.#released += this.spare;
    this.over = true;
  }

  /** `knownUsage`: of the usage, what devices have said of it so far. */
  report(knownUsage: bigint): void {
    const used = knownUsage < this.passed ? knownUsage : this.passed;
    const reported = { ...passedOver, granted: this.#heard, released: this.#released, over: this.over };
    this.sent.push({ used, reported });
  }

  deliver(n: number): void {
    const sent = this.sent[n % Math.max(1, this.sent.length)];
    if (sent) this.row = bookReport(this.row, sent.used, sent.reported);
  }
}

const bytes = fc.bigInt({ min: 0n, max: 1000n });
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('grant', 'pass', 'release', 'report'), bytes }),
  fc.record({ kind: fc.constantFrom('hear', 'deliver', 'deliver'), n: fc.nat({ max: 50 }) }),
);

function play(site: Site, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): void {
  for (const move of steps) {
    if ('n' in move) {
      if (move.kind === 'hear') site.hear();
      else site.deliver(move.n);
    } else if (move.kind === 'grant') site.grant(move.bytes);
    else if (move.kind === 'pass') site.pass(move.bytes);
    else if (move.kind === 'release') site.release(move.bytes);
    else site.report(move.bytes);
    const mayPass = site.over ? 0n : site.spare;
    if (claimedBytes(site.row) < site.passed + mayPass) expect.fail('what may pass, or has, is free');
    if (outstandingBytes(site.row) < 0n) expect.fail('a row fell below zero');
  }
}

describe('a period that is over on a node, with grants that it never heard of', () => {
  const story = fc.array(step, { maxLength: 40, size: 'max' });

  it('claims at no time less than what has passed and may pass, whatever comes late, twice or out of order', () => {
    fc.assert(
      fc.property(story, story, (before, after) => {
        const site = new Site();
        play(site, before);
        site.turn();
        play(site, after);
      }),
      { numRuns: 1000 },
    );
  });

  it('claims in the end what has passed, and no report of before changes that', () => {
    fc.assert(
      fc.property(story, story, (before, after) => {
        const site = new Site();
        play(site, before);
        site.turn();
        play(site, after);
        site.report(site.passed);
        site.deliver(site.sent.length - 1);
        expect(claimedBytes(site.row)).toBe(site.passed);
        const settled = site.row;
        for (let n = 0; n < site.sent.length; n++) site.deliver(n);
        expect(claimedBytes(site.row)).toBe(site.passed);
        expect(outstandingBytes(site.row)).toBe(outstandingBytes(settled));
      }),
      { numRuns: 1000 },
    );
  });

  it('is not taken for one that was granted more where usage alone raised what is booked', () => {
    const beyond = bookReport(emptyRow, 700n, { ...passedOver, granted: 20n });
    expect(beyond).toMatchObject({ granted: 700n, released: 0n });
    expect(bookReport(beyond, 700n, { ...passedOver, granted: 20n })).toEqual(beyond);
  });
});
