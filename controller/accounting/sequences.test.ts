import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

/**
 * The same promise as in controller/ledger, through the whole of the books: database, messages, revisions. The nodes
 * here behave as agents do; `passed` is the truth, counted at the customer's end.
 */
class Site {
  readonly node: TestNode;
  readonly device: string;
  readonly subscription: string;
  passed = 0n;
  released = 0n;
  writtenOff = 0n;
  answered = 0;
  /** Reports that were frozen, in their order. */
  readonly frozen: (() => Promise<void>)[] = [];
  #number = 0n;

  constructor(node: TestNode, subscription: string, device: string) {
    this.node = node;
    this.subscription = subscription;
    this.device = device;
  }

  get spare(): bigint {
    return this.node.granted(this.subscription) - this.passed - this.released - this.writtenOff;
  }

  pass(bytes: bigint): void {
    this.passed += bytes < this.spare ? bytes : this.spare;
  }

  lose(bytes: bigint): void {
    this.writtenOff += bytes < this.spare ? bytes : this.spare;
  }

  freeze(): void {
    const recall = this.node.subscriptions.get(this.subscription)?.recall ?? 0;
    if (recall > this.answered) {
      this.released += this.spare;
      this.answered = recall;
    }
    this.#number += 1n;
    const number = this.#number;
    const entry = {
      grantedBytes: this.node.granted(this.subscription),
      releasedBytes: this.released,
      writtenOffBytes: this.writtenOff,
      recall: this.answered,
      wanting: this.spare < 64n * kib,
      rate: 1_000_000n,
    };
    const { passed, node, device, subscription } = this;
    this.frozen.push(() => node.report({ [device]: [passed, 0n] }, { [subscription]: entry }, number));
  }
}

const index = fc.nat({ max: 2 });
const bytes = fc.bigInt({ min: 0n, max: 2_000_000n });
const step = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), index, bytes }),
  fc.record({ kind: fc.constant('lose' as const), index, bytes }),
  fc.record({ kind: fc.constant('freeze' as const), index }),
  fc.record({ kind: fc.constant('deliver' as const), index, back: fc.nat({ max: 3 }) }),
  fc.record({ kind: fc.constant('sync' as const), index }),
  fc.record({ kind: fc.constant('topUp' as const), bytes }),
  fc.record({ kind: fc.constant('pause' as const), ms: fc.constantFrom(1_000, 10_000, 700_000) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(rig: Rig, sites: Site[], subscription: string, move: Step, n: number): Promise<bigint> {
  const site = 'index' in move ? (sites[move.index] as Site) : undefined;
  switch (move.kind) {
    case 'pass':
      site?.pass(move.bytes);
      break;
    case 'lose':
      site?.lose(move.bytes);
      break;
    case 'freeze':
      site?.freeze();
      break;
    case 'deliver':
      // The last one, or an earlier one again.
      await site?.frozen.at(-1 - move.back)?.();
      break;
    case 'sync':
      await site?.node.sync();
      break;
    case 'pause':
      rig.clock.pass(move.ms);
      break;
    case 'topUp':
      await rig.books.catalogue.topUp(subscription, {
        bytes: move.bytes + 1n,
        reason: 'paid',
        reference: `${n}`,
      });
      return move.bytes + 1n;
  }
  return 0n;
}

describe('over any order of reports, grants, recalls, losses and top-ups, through the database', () => {
  it('no more passes than was sold, and what passed is billed to the byte', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: 20_000_000n }),
        fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }),
        async (volumeBytes, steps) => {
          const rig = await openRig();
          try {
            const nodes = [await rig.node('a'), await rig.node('b'), await rig.node('c')];
            const subscription = await rig.subscription({ volumeBytes });
            const device = await rig.device(subscription);
            const sites = nodes.map((node) => new Site(node, subscription, device));
            let volume = volumeBytes;
            for (const [n, move] of steps.entries()) {
              volume += await take(rig, sites, subscription, move, n);
              const passed = sites.reduce((sum, site) => sum + site.passed, 0n);
              if (passed > volume) expect.fail(`${passed} passed of ${volume}`);
            }
            for (const site of sites) {
              site.freeze();
              await site.frozen.at(-1)?.();
            }
            const usage = await rig.books.catalogue.getUsage(subscription);
            expect(usage.usedBytes).toBe(sites.reduce((sum, site) => sum + site.passed, 0n));
            expect(usage.writtenOffBytes).toBe(sites.reduce((sum, site) => sum + site.writtenOff, 0n));
            expect(usage.volumeBytes).toBe(volume);
            for (const { node } of sites) expect(await node.sync()).toEqual(node.digest());
          } finally {
            await rig.books.close();
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
