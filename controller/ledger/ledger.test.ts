import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPack } from './adjust.ts';
import { bookReport, passedOver, type ReportedTotals, writeOff } from './book.ts';
import { planGrants } from './plan.ts';
import { type GrantPolicy, grantPolicy } from './policy.ts';
import { claimedBytes, emptyRow, freeBytes, type LedgerRow, outstandingBytes } from './row.ts';

const policy: GrantPolicy = { ...grantPolicy, allowance: 256n * 1024n };

/** What a node knows and does, by the protocol; `passed` is the truth, counted at the customer's end. */
interface SimulatedNode {
  row: LedgerRow;
  devices: number;
  serving: boolean;
  seen: { granted: bigint; recall: number };
  passed: bigint;
  /** Of `passed`, what its counters still know. */
  used: bigint;
  writtenOff: bigint;
  released: bigint;
  answered: number;
  wanting: boolean;
}

interface Sent {
  node: SimulatedNode;
  used: bigint;
  reported: ReportedTotals;
}

class Fleet {
  volume: bigint;
  readonly nodes: SimulatedNode[] = [];
  /** Every report ever sent: each may arrive at any time, more than once, or never. */
  readonly sent: Sent[] = [];

  constructor(volume: bigint, nodes: number) {
    this.volume = volume;
    for (let n = 0; n < nodes; n++) this.enrol();
  }

  enrol(): void {
    this.nodes.push({
      row: emptyRow,
      devices: 1,
      serving: true,
      seen: { granted: 0n, recall: 0 },
      passed: 0n,
      used: 0n,
      writtenOff: 0n,
      released: 0n,
      answered: 0,
      wanting: false,
    });
  }

  node(index: number): SimulatedNode {
    return this.nodes[index % this.nodes.length] as SimulatedNode;
  }

  plan(sinceUseMs: (node: SimulatedNode) => number, sinceRecallMs: number, renewAllowance: boolean): void {
    const rows = planGrants(
      policy,
      this.volume,
      this.nodes.map((node) => ({
        row: node.row,
        serving: node.serving,
        devices: node.devices,
        reachable: true,
        sinceUseMs: sinceUseMs(node),
        sinceRecallMs,
        renewAllowance,
      })),
    );
    rows.forEach((row, index) => {
      this.node(index).row = row;
    });
  }

  spare(node: SimulatedNode): bigint {
    return node.seen.granted - node.used - node.writtenOff - node.released;
  }

  pass(node: SimulatedNode, bytes: bigint): void {
    const passing = bytes < this.spare(node) ? bytes : this.spare(node);
    node.passed += passing;
    node.used += passing;
    node.wanting = this.spare(node) < 64n * 1024n;
  }

  /** Some of `armed` passed, the kernel's counters are gone: all of `armed` is written off. */
  loseCounters(node: SimulatedNode, bytes: bigint, percent: bigint): void {
    const armed = bytes < this.spare(node) ? bytes : this.spare(node);
    node.passed += (armed * percent) / 100n;
    node.writtenOff += armed;
  }

  sync(node: SimulatedNode, keptPercent: bigint): void {
    if (node.row.granted > node.seen.granted) node.seen.granted = node.row.granted;
    node.seen.recall = Math.max(node.seen.recall, node.row.recall);
    if (node.seen.recall > node.answered) {
      node.released += (this.spare(node) * (100n - keptPercent)) / 100n;
      node.answered = node.seen.recall;
    }
  }

  report(node: SimulatedNode): Sent {
    const sent = {
      node,
      used: node.used,
      reported: {
        granted: node.seen.granted,
        writtenOff: node.writtenOff,
        released: node.released,
        recall: node.answered,
        wanting: node.wanting,
        rate: 1_000_000n,
        over: false,
      },
    };
    this.sent.push(sent);
    return sent;
  }

  deliver({ node, used, reported }: Sent): void {
    // A report of an incarnation that was written off is refused, as its certificate is.
    if (node.serving) node.row = bookReport(node.row, used, reported);
  }

  /** The old machine may live on where nobody sees it. */
  replace(node: SimulatedNode): void {
    if (!node.serving) return;
    node.row = writeOff(node.row);
    node.serving = false;
    this.enrol();
  }

  get passed(): bigint {
    return this.nodes.reduce((sum, { passed }) => sum + passed, 0n);
  }
}

const index = fc.nat({ max: 20 });
const bytes = fc.bigInt({ min: 0n, max: 3_000_000n });
const percent = fc.bigInt({ min: 0n, max: 100n });
const time = fc.constantFrom(0, 10_000, 100_000, 1_000_000);

const step = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), index, bytes }),
  fc.record({ kind: fc.constant('loseCounters' as const), index, bytes, percent }),
  fc.record({ kind: fc.constant('sync' as const), index, percent }),
  fc.record({ kind: fc.constant('report' as const), index }),
  fc.record({ kind: fc.constant('deliver' as const), index }),
  fc.record({ kind: fc.constant('plan' as const), used: time, recalled: time, renew: fc.boolean() }),
  fc.record({ kind: fc.constant('topUp' as const), bytes }),
  fc.record({ kind: fc.constant('devices' as const), index, count: fc.nat({ max: 4 }) }),
  fc.record({ kind: fc.constant('replace' as const), index }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(fleet: Fleet, move: Step): void {
  switch (move.kind) {
    case 'pass':
      fleet.pass(fleet.node(move.index), move.bytes);
      break;
    case 'loseCounters':
      fleet.loseCounters(fleet.node(move.index), move.bytes, move.percent);
      break;
    case 'sync':
      fleet.sync(fleet.node(move.index), move.percent);
      break;
    case 'report':
      fleet.report(fleet.node(move.index));
      break;
    case 'deliver': {
      const sent = fleet.sent[move.index % Math.max(1, fleet.sent.length)];
      if (sent) fleet.deliver(sent);
      break;
    }
    case 'plan':
      fleet.plan(() => move.used, move.recalled, move.renew);
      break;
    case 'topUp':
      fleet.volume += move.bytes + 1n;
      break;
    case 'devices':
      fleet.node(move.index).devices = move.count;
      break;
    case 'replace':
      fleet.replace(fleet.node(move.index));
      break;
  }
}

const world = fc.record({
  volume: fc.bigInt({ min: 1n, max: 20_000_000n }),
  nodes: fc.integer({ min: 1, max: 4 }),
  steps: fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
});
const runs = { numRuns: 1000 };

describe('over any order of reports, grants, recalls, losses and replacements', () => {
  it('all nodes together never pass more than the volume', () => {
    fc.assert(
      fc.property(world, ({ volume, nodes, steps }) => {
        const fleet = new Fleet(volume, nodes);
        for (const move of steps) {
          take(fleet, move);
          if (fleet.passed > fleet.volume) expect.fail(`${fleet.passed} passed of ${fleet.volume}`);
        }
      }),
      runs,
    );
  });

  it('what is granted and not released never exceeds the volume, and no row goes below zero', () => {
    fc.assert(
      fc.property(world, ({ volume, nodes, steps }) => {
        const fleet = new Fleet(volume, nodes);
        for (const move of steps) {
          const before = fleet.nodes.map(({ row }) => row);
          take(fleet, move);
          const rows = fleet.nodes.map(({ row }) => row);
          if (freeBytes(fleet.volume, rows) < 0n) expect.fail('more was granted than was sold');
          if (rows.some((row) => outstandingBytes(row) < 0n)) expect.fail('a row fell below zero');
          before.forEach((old, n) => {
            const row = rows[n] as LedgerRow;
            for (const total of ['granted', 'used', 'writtenOff', 'released'] as const) {
              if (row[total] < old[total]) expect.fail(`${total} shrank`);
            }
          });
        }
      }),
      runs,
    );
  });

  it('never bills a byte that did not pass, and every byte that the counters saw once all is reported', () => {
    fc.assert(
      fc.property(world, ({ volume, nodes, steps }) => {
        const fleet = new Fleet(volume, nodes);
        for (const move of steps) {
          take(fleet, move);
          if (fleet.nodes.some(({ row, used }) => row.used > used)) expect.fail('billed what did not pass');
        }
        for (const node of fleet.nodes.filter(({ serving }) => serving)) {
          fleet.deliver(fleet.report(node));
          expect(node.row.used).toBe(node.used);
          expect(claimedBytes(node.row) >= node.passed).toBe(true);
        }
      }),
      runs,
    );
  });

  it('a report that was booked changes nothing when it comes again', () => {
    fc.assert(
      fc.property(world, index, ({ volume, nodes, steps }, again) => {
        const fleet = new Fleet(volume, nodes);
        for (const move of steps) take(fleet, move);
        const sent = fleet.report(fleet.node(again));
        fleet.deliver(sent);
        const booked = sent.node.row;
        fleet.deliver(sent);
        expect(sent.node.row).toEqual(booked);
      }),
      runs,
    );
  });

  it('one node that goes on wanting gets in the end all that others do not use', () => {
    fc.assert(
      fc.property(world, ({ volume, nodes, steps }) => {
        const fleet = new Fleet(volume, nodes);
        for (const move of steps) take(fleet, move);
        fleet.enrol();
        const hungry = fleet.node(fleet.nodes.length - 1);
        for (let round = 0; round < 100; round++) {
          for (const node of fleet.nodes.filter(({ serving }) => serving)) {
            if (node !== hungry) node.wanting = false;
            fleet.sync(node, 0n);
            if (node === hungry) {
              fleet.pass(node, fleet.spare(node));
              node.wanting = true;
            }
            fleet.deliver(fleet.report(node));
          }
          fleet.plan((node) => (node === hungry ? 0 : 1_000_000), 1_000_000, false);
        }
        const settled = fleet.nodes.reduce((sum, { row }) => sum + row.used + row.writtenOff, 0n);
        expect(settled).toBe(fleet.volume);
      }),
      { numRuns: 300 },
    );
  });
});

describe('booking', () => {
  const reported = { ...passedOver, over: false };

  it('follows reality beyond what was granted', () => {
    expect(bookReport(emptyRow, 700n)).toMatchObject({ granted: 700n, used: 700n });
  });

  it('takes over a grant that the controller forgot when it was restored', () => {
    expect(bookReport(emptyRow, 10n, { ...reported, granted: 500n })).toMatchObject({
      granted: 500n,
      used: 10n,
    });
  });

  it('does not take a want for a new one when the node had not seen the last grant yet', () => {
    const granted = { ...emptyRow, granted: 500n };
    expect(bookReport(granted, 0n, { ...reported, granted: 400n, wanting: true }).wanting).toBe(false);
    expect(bookReport(granted, 0n, { ...reported, granted: 500n, wanting: true }).wanting).toBe(true);
  });

  it('of a total that went backwards changes nothing', () => {
    const row = bookReport(emptyRow, 700n, { ...reported, granted: 900n, released: 50n, writtenOff: 20n });
    expect(bookReport(row, 600n, { ...reported, granted: 900n })).toEqual(row);
  });
});

describe('a write-off', () => {
  it('takes all that was outstanding, and frees nothing', () => {
    const row = writeOff({
      ...emptyRow,
      granted: 1000n,
      used: 300n,
      released: 100n,
      writtenOff: 50n,
      recall: 2,
    });
    expect(row).toMatchObject({ writtenOff: 600n, recallAnswered: 2 });
    expect(outstandingBytes(row)).toBe(0n);
    expect(claimedBytes(row)).toBe(900n);
  });
});

describe('adding volume', () => {
  it('refuses nothing, less than nothing, and more than packs may hold together, saying what there is', () => {
    checkPack(0n, 2n ** 62n);
    expect(() => checkPack(5n, 0n)).toThrow('more than zero');
    expect(() => checkPack(5n, -1n)).toThrow('more than zero');
    expect(() => checkPack(5n, 2n ** 62n)).toThrow(
      'at most 4611.68 PB (2^62 bytes) together, and there are 5 B',
    );
  });
});
