import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';
import { dayOf } from '../calendar/time-zone.ts';

const hour = 3600_000;
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const days = (subscription: string, period?: number) =>
  rig.books.catalogue.getDailyUsage(subscription, period === undefined ? {} : { period });
const totals = async (subscription: string, period?: number) =>
  (await days(subscription, period)).days.map(
    ({ day, uploadBytes, downloadBytes }) => [day, uploadBytes + downloadBytes] as const,
  );

/** In a zone where the day of the rig's clock (2026-11-22, noon UTC) ends at 11:00 UTC. */
async function sell(timeZone: string, limits: object = { period: 'month' }, starts = 'now') {
  const { catalogue } = rig.books;
  await catalogue.addAccount({ reference: 'a' });
  await catalogue.addTariff({ name: 't', volumeBytes: 100n * gib, ...limits });
  const { id } = await catalogue.createSubscription({ account: 'a', tariff: 't', timeZone, starts });
  const device = await rig.device(id);
  return { subscription: id, device };
}

describe('usage is booked to the day', () => {
  it("of the subscription's time zone, by node", async () => {
    const [a, b] = [await rig.node('a'), await rig.node('b')];
    const { subscription, device } = await sell('Pacific/Auckland');
    await a.report({ [device]: [1n, 2n] });
    await b.report({ [device]: [0n, 10n] });
    // Midnight in Auckland is at 11:00 UTC.
    rig.clock.pass(23 * hour - 2 - (rig.clock.now() % hour));
    await a.report({ [device]: [1n, 3n] });
    rig.clock.pass(2);
    await a.report({ [device]: [8n, 3n] });
    const shown = await days(subscription);
    expect(shown).toMatchObject({ timeZone: 'Pacific/Auckland', usedBytes: 21n, olderBytes: 0n });
    expect(shown.days).toMatchObject([
      {
        day: '2026-11-23',
        uploadBytes: 1n,
        downloadBytes: 13n,
        nodes: [
          { name: 'a', uploadBytes: 1n, downloadBytes: 3n },
          { name: 'b', uploadBytes: 0n, downloadBytes: 10n },
        ],
      },
      { day: '2026-11-24', uploadBytes: 7n, downloadBytes: 0n, nodes: [{ name: 'a' }] },
    ]);
  });

  it('once, however often a report comes', async () => {
    const node = await rig.node('a');
    const { subscription, device } = await sell('UTC');
    await node.report({ [device]: [5n, 5n] }, {}, 7n);
    rig.clock.pass(24 * hour);
    await node.report({ [device]: [5n, 5n] }, {}, 7n);
    await node.report({ [device]: [3n, 4n] }, {}, 8n);
    expect(await totals(subscription)).toEqual([['2026-11-22', 10n]]);
  });

  it('which is the last one of its period, when it is reported after the turn', async () => {
    const node = await rig.node('a');
    const { subscription, device } = await sell('Europe/Berlin');
    rig.clock.pass(12 * 24 * hour);
    await rig.sweepPeriods();
    await node.sync();
    await node.report({ [device]: [100n, 0n] }, {}, undefined, 1);
    await node.report({ [device]: [7n, 0n] }, {}, undefined, 2);
    expect(await totals(subscription, 1)).toEqual([['2026-11-30', 100n]]);
    expect(await totals(subscription)).toEqual([['2026-12-04', 7n]]);
    await expect(days(subscription, 3)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('on which it passed, also before the start that its first connection sets', async () => {
    const node = await rig.node('a');
    const { subscription, device } = await sell('UTC', { durationDays: 30 }, 'first-connection');
    await node.report({ [device]: [9n, 0n] });
    expect(await totals(subscription)).toEqual([['2026-11-22', 9n]]);
  });

  it('but no more of it than the books believe, of one device or several', async () => {
    const node = await rig.node('a');
    const { subscription, device } = await sell('UTC');
    const other = await rig.device(subscription);
    const volume = 100n * gib;
    await node.report({ [device]: [5n, 0n] });
    await node.report({ [device]: [6n, volume - 9n], [other]: [2n ** 50n, 2n ** 50n] });
    expect(await days(subscription)).toMatchObject({
      usedBytes: volume,
      days: [{ uploadBytes: 9n, downloadBytes: volume - 9n }],
    });
    const { devices } = await rig.books.catalogue.getUsage(subscription);
    const shown = Object.fromEntries(devices.map((one) => [one.id, [one.uploadBytes, one.downloadBytes]]));
    expect(shown).toEqual({ [device]: [6n, volume - 9n], [other]: [3n, 0n] });
  });
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), node: fc.nat({ max: 1 }), bytes: fc.nat({ max: 90_000 }) }),
  fc.record({ kind: fc.constant('report' as const), node: fc.nat({ max: 1 }), again: fc.boolean() }),
  fc.record({ kind: fc.constant('pause' as const), hours: fc.integer({ min: 1, max: 30 }) }),
);

it('the days of each period are its bill, in any zone, over turns, late and repeated reports', {
  timeout: 30_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('UTC', 'Pacific/Auckland', 'America/St_Johns'),
      fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }),
      async (timeZone, steps) => {
        const world = await openRig();
        try {
          rig = world;
          const nodes = [await rig.node('a'), await rig.node('b')];
          const { subscription, device } = await sell(timeZone, { period: 'days', periodDays: 2 });
          const customer = new Customer(nodes, subscription, device);
          for (const one of steps) {
            if (one.kind === 'pass') customer.pass(one.node, BigInt(one.bytes));
            else if (one.kind === 'report') await customer.report(one.node, one.again);
            else {
              rig.clock.pass(one.hours * hour);
              await rig.sweepPeriods();
            }
          }
          for (const node of [0, 1]) await customer.report(node, false);
          const { periods } = await rig.books.catalogue.getUsage(subscription);
          for (const { period, usedBytes, startsAt, endsAt } of periods) {
            const told = await totals(subscription, period);
            expect(told.reduce((sum, [, bytes]) => sum + bytes, 0n)).toBe(usedBytes);
            for (const [day] of told) {
              expect(day >= dayOf(startsAt, timeZone)).toBe(true);
              expect(day <= dayOf((endsAt ?? 0) - 1, timeZone)).toBe(true);
            }
          }
          expect(periods.reduce((sum, { usedBytes }) => sum + usedBytes, 0n)).toBe(customer.passed);
        } finally {
          await world.books.close();
          rig = await openRig();
        }
      },
    ),
    { numRuns: 25 },
  );
});

/** Passes on nodes that hold totals for each period that they have heard of. */
class Customer {
  passed = 0n;
  readonly #totals = [new Map<number, bigint>(), new Map<number, bigint>()] as const;
  readonly #nodes: readonly TestNode[];
  readonly #subscription: string;
  readonly #device: string;
  readonly #sent = [new Map<number, bigint>(), new Map<number, bigint>()];
  readonly #numbers = [0n, 0n];

  constructor(nodes: readonly TestNode[], subscription: string, device: string) {
    this.#nodes = nodes;
    this.#subscription = subscription;
    this.#device = device;
  }

  pass(node: number, bytes: bigint): void {
    const totals = this.#totals[node] as Map<number, bigint>;
    const period = this.#nodes[node]?.subscriptions.get(this.#subscription)?.period ?? 1;
    this.passed += bytes;
    totals.set(period, (totals.get(period) ?? 0n) + bytes);
  }

  /** Also what was told before, as a node does that has not heard that it was booked. */
  async report(node: number, again: boolean): Promise<void> {
    const before = this.#numbers[node] ?? 0n;
    if (again && before === 0n) return;
    if (!again) {
      this.#numbers[node] = before + 1n;
      this.#sent[node] = new Map(this.#totals[node]);
    }
    const deviceId = this.#device;
    const devices = [...(this.#sent[node] ?? [])].map(([period, uploadBytes]) => ({
      ...{ deviceId, uploadBytes, downloadBytes: 0n, period },
    }));
    await this.#nodes[node]?.send({ number: this.#numbers[node] ?? 0n, devices });
  }
}
