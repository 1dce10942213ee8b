import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Gate, GateDevice, GateEvent, GateFrame, GateModel, Pass } from '../../agent/gate/model.ts';
import { allowancePerAddress } from '../../common/allowance.ts';
import { systemClock } from '../../common/clock.ts';

/** A gate with a world around it: packets come, and somebody with root interferes. */
export interface GateBench {
  readonly gate: Gate;
  readonly frame: GateFrame;
  /** So many IP packets of so many bytes come from or go to a device's address; how many pass. */
  carry(direction: 'upload' | 'download', address: string, count: number, bytes: number): Promise<number>;
  /** Somebody flushes the ruleset. */
  flush(): Promise<void>;
  /** Somebody deletes the address from everything in the table. */
  forget(address: string): Promise<void>;
  close(): Promise<void>;
}

/** The devices whose addresses the bench has. */
export const a = { address4: '10.64.0.2', address6: 'fd74:7572:6e70::2' };
export const b = { address4: '10.64.0.3', address6: 'fd74:7572:6e70::3' };

const packet = 1000;
const validity = 3600;

function model(
  devices: Readonly<Record<string, GateDevice>>,
  quotas: Readonly<Record<string, bigint>> = {},
  limits: Readonly<Record<string, bigint>> = {},
): GateModel {
  return {
    devices: new Map(Object.entries(devices)),
    quotas: new Map(Object.entries(quotas).map(([name, bytes]) => [name, { bytes }])),
    limits: new Map(Object.entries(limits).map(([name, bytesPerSecond]) => [name, { bytesPerSecond }])),
  };
}

const empty = model({});
const unlimited: Pass = { kind: 'unlimited' };
const closed: Pass = { kind: 'closed' };
const on = (quota: string): Pass => ({ kind: 'quota', quota });
const allowance = (generation: number): Pass => ({ kind: 'allowance', generation });

/** What every gate keeps to: the one in the kernel, and the one in memory that tests stand on. */
export function gateContract(name: string, open: () => Promise<GateBench>): void {
  describe(name, () => {
    let bench: GateBench;
    let gate: Gate;
    beforeAll(async () => {
      bench = await open();
      gate = bench.gate;
    });
    beforeEach(async () => void (await gate.create(bench.frame)));
    afterEach(async () => gate.remove());
    afterAll(async () => bench.close());

    const counters = async (address: string) => (await gate.read())?.counters.get(address);

    it('has no epoch and no reading without its table', async () => {
      await gate.remove();
      expect(await gate.epoch()).toBeUndefined();
      expect(await gate.read()).toBeUndefined();
      await expect(gate.observe()).rejects.toThrow();
    });

    it('lets nothing pass when it is new', async () => {
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(0);
      expect(await bench.carry('download', a.address6, 5, packet)).toBe(0);
    });

    it('lets nothing of a closed device pass, and counts nothing', async () => {
      await gate.apply(empty, model({ dev: { ...a, pass: closed } }), validity);
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(0);
      expect(await counters(a.address4)).toEqual({ upload: 0n, download: 0n });
    });

    it('counts each device by address and direction', async () => {
      const both = model({ first: { ...a, pass: unlimited }, second: { ...b, pass: unlimited } });
      await gate.apply(empty, both, validity);
      expect(await bench.carry('upload', a.address4, 7, packet)).toBe(7);
      expect(await bench.carry('download', a.address4, 3, packet)).toBe(3);
      expect(await bench.carry('upload', b.address6, 2, packet)).toBe(2);
      expect(await counters(a.address4)).toEqual({ upload: 7000n, download: 3000n });
      expect(await counters(a.address6)).toEqual({ upload: 0n, download: 0n });
      expect(await counters(b.address6)).toEqual({ upload: 2000n, download: 0n });
    });

    it('stops devices that share a quota to the packet, over both families and directions', async () => {
      const shared = model(
        { first: { ...a, pass: on('s_1') }, second: { ...b, pass: on('s_1') } },
        { s_1: 20_500n },
      );
      await gate.apply(empty, shared, validity);
      expect(await bench.carry('upload', a.address4, 8, packet)).toBe(8);
      expect(await bench.carry('download', b.address6, 8, packet)).toBe(8);
      expect((await gate.read())?.quotaRemaining.get('s_1')).toBe(4500n);
      expect(await bench.carry('upload', b.address4, 8, packet)).toBe(4);
      expect(await bench.carry('download', a.address6, 8, packet)).toBe(0);
      expect((await gate.read())?.quotaRemaining.get('s_1')).toBe(0n);
      expect(await counters(b.address4)).toEqual({ upload: 4000n, download: 0n });
    });

    it('lets exactly the increment pass after a change to a fresh quota', async () => {
      const first = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 3000n });
      const second = model({ dev: { ...a, pass: on('s_2') } }, { s_2: 5000n });
      await gate.apply(empty, first, validity);
      expect(await bench.carry('upload', a.address4, 10, packet)).toBe(3);
      await gate.apply(first, second, validity);
      expect(await bench.carry('upload', a.address4, 10, packet)).toBe(5);
      expect(await counters(a.address4)).toEqual({ upload: 8000n, download: 0n });
      expect([...(await gate.observe()).quotas.keys()]).toEqual(['s_2']);
    });

    it('gives each address an idle allowance of its own, once per generation', async () => {
      const share = Number(allowancePerAddress / BigInt(packet));
      const first = model({ dev: { ...a, pass: allowance(1) } });
      await gate.apply(empty, first, validity);
      expect(await bench.carry('upload', a.address4, share + 20, packet)).toBe(share);
      expect(await bench.carry('download', a.address4, 5, packet)).toBe(0);
      expect(await bench.carry('download', a.address6, 5, packet)).toBe(5);
      await gate.apply(first, first, validity);
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(0);
      const second = model({ dev: { ...a, pass: allowance(2) } });
      await gate.apply(first, second, validity);
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(5);
      expect((await counters(a.address4))?.upload).toBe(BigInt((share + 5) * packet));
    });

    it('keeps the counters of a device that is closed and opened again', async () => {
      const opened = model({ dev: { ...a, pass: unlimited } });
      const shut = model({ dev: { ...a, pass: closed } });
      await gate.apply(empty, opened, validity);
      await bench.carry('upload', a.address4, 2, packet);
      await gate.apply(opened, shut, validity);
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(0);
      await gate.apply(shut, opened, validity);
      expect(await bench.carry('upload', a.address4, 1, packet)).toBe(1);
      expect((await counters(a.address4))?.upload).toBe(3000n);
    });

    it('counts from zero when a device has gone and its addresses are given to another', async () => {
      const before = model({ old: { ...a, pass: unlimited } });
      const after = model({ next: { ...a, pass: unlimited } });
      await gate.apply(empty, before, validity);
      await bench.carry('upload', a.address4, 4, packet);
      await gate.apply(before, after, validity);
      expect(await counters(a.address4)).toEqual({ upload: 0n, download: 0n });
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(2);
      await gate.apply(after, empty, validity);
      expect(await counters(a.address4)).toBeUndefined();
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
    });

    it('lets nothing through to a device that was not heard, bills nothing of it, and lets its first packet open the way', async () => {
      const unheard = model({ dev: { ...a, pass: on('s_1'), unheard: true } }, { s_1: 9000n });
      await gate.apply(empty, unheard, validity);
      expect(await bench.carry('download', a.address4, 3, packet)).toBe(0);
      expect(await bench.carry('download', a.address6, 3, packet)).toBe(0);
      expect((await gate.read())?.quotaRemaining.get('s_1')).toBe(9000n);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(2);
      expect(await bench.carry('download', a.address4, 3, packet)).toBe(3);
      expect(await bench.carry('download', a.address6, 3, packet)).toBe(0);
      expect((await gate.observe()).unheard).toEqual(new Set([a.address6]));
      expect(await counters(a.address4)).toEqual({ upload: 2000n, download: 3000n });
      expect((await gate.read())?.quotaRemaining.get('s_1')).toBe(4000n);
    });

    it('hears a device that may not pass', async () => {
      await gate.apply(empty, model({ dev: { ...a, pass: closed, unheard: true } }), validity);
      expect(await bench.carry('upload', a.address4, 1, packet)).toBe(0);
      expect((await gate.observe()).unheard).toEqual(new Set([a.address6]));
    });

    it('takes a device for heard when told so, whether the kernel did already or not, and can mark it again', async () => {
      const unheard = model({ dev: { ...a, pass: unlimited, unheard: true } });
      const heard = model({ dev: { ...a, pass: unlimited } });
      await gate.apply(empty, unheard, validity);
      await bench.carry('upload', a.address4, 1, packet);
      await gate.apply(unheard, heard, validity);
      expect(await bench.carry('download', a.address6, 2, packet)).toBe(2);
      await gate.apply(heard, unheard, validity);
      expect(await bench.carry('download', a.address4, 2, packet)).toBe(0);
      expect(await bench.carry('download', a.address6, 2, packet)).toBe(0);
      await gate.apply(unheard, empty, validity);
      expect((await gate.observe()).unheard.size).toBe(0);
    });

    it('tells what it holds', async () => {
      const held = model(
        { first: { ...a, pass: on('s_1') }, second: { ...b, pass: allowance(1), unheard: true } },
        { s_1: 9_007_199_254_740_993n },
      );
      await gate.apply(empty, held, validity);
      expect(await gate.observe()).toEqual({
        counted: new Set([a.address4, b.address4, a.address6, b.address6]),
        unlimited: new Set(),
        allowance: new Set([b.address4, b.address6]),
        quotaOf: new Map([
          [a.address4, 's_1'],
          [a.address6, 's_1'],
        ]),
        unheard: new Set([b.address4, b.address6]),
        endsIn: new Map(),
        speedOf: new Map(),
        limits: new Map(),
        quotas: new Map([['s_1', { bytes: 9_007_199_254_740_993n }]]),
      });
    });

    it('ends a grant by itself when its time is over, and a plan that did not know that still applies', async () => {
      const granted = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 50_000n });
      await gate.apply(empty, granted, 1);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(2);
      await vi.waitFor(async () => expect((await gate.observe()).quotaOf.size).toBe(0), { timeout: 5000 });
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
      const fresh = model({ dev: { ...a, pass: on('s_2') } }, { s_2: 3000n });
      await gate.apply(granted, fresh, validity);
      expect(await bench.carry('upload', a.address4, 5, packet)).toBe(3);
    });

    it('renews the time of a grant and leaves what it has used', async () => {
      const granted = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 5000n });
      await gate.apply(empty, granted, 1);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(2);
      await gate.renew(granted, validity);
      const later = performance.now() + 1200;
      await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(later), { timeout: 3000 });
      expect(await bench.carry('upload', a.address4, 9, packet)).toBe(3);
    });

    /** At 10 kB/s: a second's worth and 16 KiB may come at once. */
    const slow = 10_000n;
    const atOnce = 26;
    const expectAtOnce = (packets: number) => {
      expect(packets).toBeGreaterThanOrEqual(atOnce);
      // What came in while they were sent.
      expect(packets).toBeLessThan(atOnce + 20);
    };

    it('drops what is over a pace, bills nothing of it and takes none of the quota, and leaves the other direction alone', async () => {
      const slowed = { ...a, pass: on('s_1'), speed: { paceUp: 'p_1' } };
      await gate.apply(empty, model({ dev: slowed }, { s_1: 900_000n }, { p_1: slow }), validity);
      const four = await bench.carry('upload', a.address4, 200, packet);
      expectAtOnce(four);
      const six = await bench.carry('upload', a.address6, 100, packet);
      expect(six).toBeLessThan(20);
      expect(await bench.carry('download', a.address4, 100, packet)).toBe(100);
      const reading = await gate.read();
      expect(reading?.counters.get(a.address4)).toEqual({
        upload: BigInt(four * packet),
        download: 100_000n,
      });
      expect(reading?.counters.get(a.address6)?.upload).toBe(BigInt(six * packet));
      expect(reading?.quotaRemaining.get('s_1')).toBe(900_000n - BigInt((four + six + 100) * packet));
    });

    it('lets devices share a pool, of which what is over a pace takes nothing', async () => {
      const pool = { poolDown: 'p_pool' };
      const both = model(
        {
          first: { ...a, pass: unlimited, speed: { ...pool, paceDown: 'p_first' } },
          second: { ...b, pass: unlimited, speed: pool },
        },
        {},
        { p_first: slow, p_pool: 2n * slow + 65_536n },
      );
      await gate.apply(empty, both, validity);
      const first = await bench.carry('download', a.address4, 200, packet);
      expectAtOnce(first);
      const second = await bench.carry('download', b.address6, 200, packet);
      expect(second).toBeGreaterThanOrEqual(atOnce);
      expect(second).toBeLessThan(200);
      expect(await bench.carry('upload', b.address4, 100, packet)).toBe(100);
    });

    it('changes to a fresh limit, and back to none', async () => {
      const at = (limit: string, bytesPerSecond: bigint) =>
        model({ dev: { ...a, pass: unlimited, speed: { paceUp: limit } } }, {}, { [limit]: bytesPerSecond });
      const none = model({ dev: { ...a, pass: unlimited } });
      await gate.apply(empty, at('p_1', slow), validity);
      expectAtOnce(await bench.carry('upload', a.address4, 200, packet));
      await gate.apply(at('p_1', slow), at('p_2', slow), validity);
      expectAtOnce(await bench.carry('upload', a.address4, 200, packet));
      expect([...(await gate.observe()).limits.keys()]).toEqual(['p_2']);
      await gate.apply(at('p_2', slow), none, validity);
      expect(await bench.carry('upload', a.address4, 200, packet)).toBe(200);
      expect((await gate.observe()).limits.size).toBe(0);
    });

    it('tells who is slowed down, and how much', async () => {
      const speed = { paceUp: 'p_1', paceDown: 'p_2', poolUp: 'p_1', poolDown: 'p_3' };
      const limits = { p_1: 125_000n, p_2: 1024n * 1024n * 5n, p_3: 1024n * 3n };
      await gate.apply(empty, model({ dev: { ...a, pass: closed, speed } }, {}, limits), validity);
      const held = await gate.observe();
      expect(held.speedOf).toEqual(
        new Map([
          [a.address4, speed],
          [a.address6, speed],
        ]),
      );
      expect([...held.limits].map(([name, { bytesPerSecond }]) => [name, bytesPerSecond]).sort()).toEqual(
        Object.entries(limits),
      );
    });

    const ways = [
      ['without limit', unlimited],
      ['on a quota', on('s_1')],
      ['on its allowance', allowance(1)],
    ] as const;

    it.each(ways)('closes a device at its end by itself, when it passes %s', async (_, pass) => {
      const endsAt = systemClock.monotonic() + 900;
      const ending = model({ dev: { ...a, pass, endsAt } }, pass.kind === 'quota' ? { s_1: 90_000n } : {});
      await gate.apply(empty, ending, validity);
      expect(await bench.carry('upload', a.address4, 1, packet)).toBe(1);
      const refused = async () => expect(await bench.carry('upload', a.address4, 1, packet)).toBe(0);
      await vi.waitFor(refused, { timeout: 5000, interval: 20 });
      expect(systemClock.monotonic()).toBeGreaterThan(endsAt - 50);
      expect(await bench.carry('download', a.address6, 2, packet)).toBe(0);
      const { unlimited, allowance, quotaOf } = await gate.observe();
      expect(unlimited.size + allowance.size + quotaOf.size).toBe(0);
      expect((await counters(a.address4))?.upload).toBeGreaterThan(0n);
      await gate.apply(ending, empty, validity);
      expect((await gate.observe()).counted.size).toBe(0);
    });

    it('moves the end of a device and leaves what its quota has used', async () => {
      const until = (ms: number) => ({ ...a, pass: on('s_1'), endsAt: systemClock.monotonic() + ms });
      const soon = model({ dev: until(1500) }, { s_1: 5000n });
      const later = model({ dev: until(3_600_000) }, { s_1: 5000n });
      await gate.apply(empty, soon, validity);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(2);
      await gate.apply(soon, later, validity);
      const over = performance.now() + 1700;
      await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(over), { timeout: 5000 });
      expect(await bench.carry('upload', a.address4, 9, packet)).toBe(3);
    });

    it('ends no later when grants are renewed', async () => {
      const ending = model(
        { dev: { ...a, pass: on('s_1'), endsAt: systemClock.monotonic() + 900 } },
        { s_1: 90_000n },
      );
      await gate.apply(empty, ending, validity);
      await gate.renew(ending, validity);
      const over = async () => expect((await gate.observe()).quotaOf.size).toBe(0);
      await vi.waitFor(over, { timeout: 5000 });
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
    });

    it('lets nothing of a device pass whose end is over, and tells how long the others have', async () => {
      const now = systemClock.monotonic();
      const both = model({
        over: { ...a, pass: unlimited, endsAt: now },
        later: { ...b, pass: allowance(1), endsAt: now + 100_000 },
      });
      await gate.apply(empty, both, validity);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
      const { endsIn } = await gate.observe();
      expect([...endsIn.keys()].sort()).toEqual([b.address4, b.address6]);
      expect(endsIn.get(b.address4)).toBeGreaterThan(80);
      expect(endsIn.get(b.address4)).toBeLessThanOrEqual(100);
    });

    it('ends at the plan also when somebody deleted elements', async () => {
      const opened = model({ dev: { ...a, pass: unlimited } });
      await gate.apply(empty, opened, validity);
      await bench.forget(a.address4);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
      expect((await gate.observe()).counted.has(a.address4)).toBe(false);
      await gate.apply(opened, empty, validity);
      expect((await gate.observe()).counted.size).toBe(0);
    });

    it('changes nothing at all when it cannot do all of it', async () => {
      const believed = model({ dev: { ...a, pass: closed } }, { s_gone: 1n });
      const wanted = model({ dev: { ...a, pass: unlimited } });
      await expect(gate.apply(believed, wanted, validity)).rejects.toThrow('failed with status 1');
      expect((await gate.observe()).unlimited.size).toBe(0);
    });

    it('is another epoch and closed when made anew', async () => {
      const before = await gate.epoch();
      await gate.apply(empty, model({ dev: { ...a, pass: unlimited } }), validity);
      const after = await gate.create(bench.frame);
      expect(after).not.toEqual(before);
      expect(await gate.epoch()).toEqual(after);
      expect(await bench.carry('upload', a.address4, 2, packet)).toBe(0);
    });

    it('keeps epoch, counters, quotas and passes when its frame changes', async () => {
      const held = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 5000n });
      await gate.apply(empty, held, validity);
      await bench.carry('upload', a.address4, 2, packet);
      const before = await gate.epoch();
      await gate.reframe({ ...bench.frame, mtu: 1280 });
      expect(await gate.epoch()).toEqual(before);
      expect(await bench.carry('upload', a.address4, 9, packet)).toBe(3);
      expect((await counters(a.address4))?.upload).toBe(5000n);
    });

    describe('watch', () => {
      /** Until nothing is on its way any more; then empties the list. */
      async function silence(heard: unknown[]): Promise<void> {
        await vi.waitFor(
          async () => {
            heard.length = 0;
            await new Promise((resolve) => setTimeout(resolve, 60));
            expect(heard).toHaveLength(0);
          },
          { timeout: 5000 },
        );
      }

      /** With `told`, that is what is reported. */
      async function watching(
        during: () => Promise<void>,
        expected: number,
        told?: GateEvent,
      ): Promise<void> {
        const onEvent = vi.fn();
        const watch = gate.watch(onEvent);
        // A watch is in force when it reports: touch the table until it does.
        await vi.waitFor(
          async () => {
            await bench.forget('10.64.0.99');
            expect(onEvent).toHaveBeenCalled();
          },
          { timeout: 5000, interval: 50 },
        );
        await silence(onEvent.mock.calls);
        onEvent.mockClear();
        await during();
        if (expected > 0) {
          await vi.waitFor(() => expect(onEvent).toHaveBeenCalled(), { timeout: 2000 });
          if (told !== undefined) expect(onEvent).toHaveBeenCalledWith(told);
        } else {
          await new Promise((resolve) => setTimeout(resolve, 100));
          expect(onEvent).not.toHaveBeenCalled();
        }
        watch.stop();
        await watch.ended;
      }

      it('reports a flush', async () => watching(() => bench.flush(), 1));

      it('reports a quota that ran dry', async () => {
        const held = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 2000n });
        await gate.apply(empty, held, validity);
        const dry = { exhausted: 's_1' };
        await watching(async () => void (await bench.carry('upload', a.address4, 4, packet)), 1, dry);
      });

      it('rings once when somebody is refused, and again when the bell was reset', async () => {
        const heard: GateEvent[] = [];
        const rings = () => heard.filter((event) => event === 'refusal').length;
        await gate.apply(empty, model({ dev: { ...a, pass: closed } }), validity);
        await watching(async () => {
          const watch = gate.watch((event) => heard.push(event));
          await vi.waitFor(
            async () => {
              await gate.resetBell('refusal');
              expect(await bench.carry('upload', a.address4, 1, packet)).toBe(0);
              expect(rings()).toBeGreaterThan(0);
            },
            { timeout: 5000, interval: 50 },
          );
          await silence(heard);
          await gate.resetBell('refusal');
          await bench.carry('upload', a.address4, 3, packet);
          await vi.waitFor(() => expect(rings()).toBe(1), { timeout: 2000 });
          await bench.carry('upload', a.address4, 3, packet);
          await gate.resetBell('refusal');
          await bench.carry('upload', a.address6, 3, packet);
          await vi.waitFor(() => expect(rings()).toBe(2), { timeout: 2000 });
          watch.stop();
          await watch.ended;
        }, 1);
      });

      it('rings when devices on their allowance pass more than a few packets', async () => {
        await gate.apply(empty, model({ dev: { ...a, pass: allowance(1) } }), validity);
        await watching(async () => {
          expect(await bench.carry('upload', a.address4, 20, packet)).toBe(20);
        }, 1);
      });

      it('does not report what the gate did itself', async () => {
        const held = model({ dev: { ...a, pass: on('s_1') } }, { s_1: 2000n });
        await watching(() => gate.apply(empty, held, validity), 0);
      });
    });
  });
}
