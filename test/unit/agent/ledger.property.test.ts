import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GateModel } from '../../../agent/gate/model.ts';
import { ControllerModel, usedIn } from './controller-model.ts';
import { device, Rig } from './rig.ts';

/** More of them, with FC_RUNS, when the arithmetic was changed. */
const runs = Number(process.env['FC_RUNS'] ?? 40);

class Crash extends Error {}

const bytes = fc.integer({ min: 1, max: 400 }).map((kilobytes) => BigInt(kilobytes) * 1000n);

const harmless = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('traffic' as const),
      bytes,
      device: fc.integer({ min: 2, max: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('beat' as const),
      ms: fc.constantFrom(20, 1000, 6000, 400_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('grant' as const), bytes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recall' as const), allowance: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('access' as const), open: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'remove and add' as const }) },
  // The process dies in the next change of the gate: before the kernel took it, or after.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), taken: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'fail' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('announce' as const), bytes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      /** What the node hears of it: before its own clock says so, after, after a last word of the old period; or two at once. */
      how: fc.constantFrom(
        'controller first',
        'node first',
        'late grant',
        'two periods',
        'unheard grant',
        'agent dead',
        'crash',
      ),
      bytes,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'report' as const }) },
);
const destructive = fc.record({
  kind: fc.constant('destroy' as const),
  how: fc.constantFrom('flush' as const, 'flush while dead' as const, 'forget' as const),
});
type Step = Arbitrated<typeof harmless> | Arbitrated<typeof destructive>;
type Arbitrated<Source> = Source extends fc.Arbitrary<infer Value> ? Value : never;

/** Dies in the next `apply`. */
function crashNext(rig: Rig, taken: boolean): () => void {
  const apply = rig.gate.apply.bind(rig.gate);
  rig.gate.apply = async (from: GateModel, to: GateModel, validitySeconds: number) => {
    if (from === to) return;
    if (taken) await apply(from, to, validitySeconds);
    throw new Crash();
  };
  return () => {
    rig.gate.apply = apply;
  };
}

type Turn = Extract<Step, { kind: 'turn' }>;

/** A period ends, and the controller and the node hear of it in this order. Returns the bytes that passed meanwhile. */
async function turn(rig: Rig, controller: ControllerModel, { how, bytes }: Turn): Promise<bigint> {
  const say = () => rig.say({ subscriptions: [controller.item()] });
  let passed = 0n;
  if (how === 'unheard grant') controller.grant(bytes);
  if (how === 'controller first' || how === 'unheard grant' || how === 'crash') {
    controller.turn();
    controller.grant(bytes);
    const mend = how === 'crash' ? crashNext(rig, bytes % 2000n === 0n) : () => undefined;
    try {
      await say();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    } finally {
      mend();
    }
    if (how === 'crash') {
      passed += rig.upload(2, 50);
      await rig.restart();
      await say();
    }
    return passed;
  }
  controller.endsAt = rig.time.now() + 1000;
  await say();
  passed += rig.upload(2, 20);
  if (how === 'agent dead') {
    rig.journal.close();
    passed += rig.upload(3, 20);
    rig.clock.advance(2000);
    passed += rig.upload(2, 20);
    rig.start();
    await rig.run();
  } else {
    await rig.beat(1000);
  }
  expect(rig.account().period).toBe(controller.period + 1);
  passed += rig.upload(2, 20);
  if (how === 'late grant') {
    controller.grant(bytes);
    await say();
  }
  controller.turn();
  if (how === 'two periods') controller.turn();
  controller.grant(bytes);
  await say();
  return passed;
}

/** Plays the steps, and holds the books against what the kernel let through after each of them. */
async function play(rig: Rig, steps: readonly Step[]): Promise<void> {
  const destroys = steps.some(({ kind }) => kind === 'destroy');
  const controller = new ControllerModel(524_288n);
  let passed = 0n;
  const sub = () => ({ subscriptions: [controller.item()] });
  const report = () => {
    const said = rig.report();
    if (said) controller.book(said);
  };

  const check = () => {
    const { period, armed, granted, writtenOff, released } = rig.account();
    const used = rig.used();
    const { past } = rig.journal.state;
    const unread = passed - used - past.upload - past.download;
    expect(unread).toBeGreaterThanOrEqual(0n);
    if (!destroys)
      expect(used + unread + writtenOff + released).toBeLessThanOrEqual(controller.granted(period));
    expect(used + writtenOff + released).toBeLessThanOrEqual(granted);
    expect(armed).toBeGreaterThanOrEqual(used);
    if (!destroys) expect(writtenOff).toBe(0n);
    for (const closed of rig.journal.state.closed.get(controller.item().id)?.values() ?? []) {
      const usedThen = closed.devices.reduce((sum, { upload, download }) => sum + upload + download, 0n);
      expect(usedThen + closed.writtenOff + closed.released).toBe(closed.granted);
    }
  };

  // Packets come also between a reading and the change of the gate that it led to, and in mid-reading.
  const apply = rig.gate.apply.bind(rig.gate);
  rig.gate.apply = async (from: GateModel, to: GateModel, validitySeconds: number) => {
    if (from !== to) passed += rig.upload(2, 3);
    await apply(from, to, validitySeconds);
  };
  const read = rig.gate.read.bind(rig.gate);
  rig.gate.read = async () => {
    const quotas = await read();
    passed += rig.upload(2, 1);
    const counters = await read();
    return quotas && counters && { ...counters, quotaRemaining: quotas.quotaRemaining };
  };

  await rig.say({ ...sub(), devices: [device(2), device(3)] });
  for (const current of steps) {
    try {
      switch (current.kind) {
        case 'traffic':
          passed += rig.upload(current.device, Number(current.bytes / 1000n));
          break;
        case 'beat':
          await rig.beat(current.ms);
          break;
        case 'grant':
          controller.grant(current.bytes);
          await rig.say(sub());
          break;
        case 'announce':
          controller.next += current.bytes;
          await rig.say(sub());
          break;
        case 'turn': {
          const more = await turn(rig, controller, current);
          passed += more;
          break;
        }
        case 'recall':
          controller.recall += 1;
          controller.allowance = current.allowance;
          await rig.say(sub());
          break;
        case 'access':
          await rig.say({ devices: [device(2, { access: current.open ? 'open' : 'closed' })] });
          break;
        case 'remove and add':
          await rig.say({ removedDeviceIds: [device(3).id] });
          await rig.say({ devices: [device(3)] });
          break;
        case 'crash': {
          const mend = crashNext(rig, current.taken);
          try {
            controller.grant(100_000n);
            await rig.say(sub());
          } catch (error) {
            if (!(error instanceof Crash)) throw error;
          } finally {
            mend();
          }
          passed += rig.upload(2, 50);
          await rig.restart();
          await rig.say(sub());
          break;
        }
        case 'restart':
          await rig.restart();
          break;
        case 'destroy': {
          const { armed, writtenOff } = rig.account();
          const lost = armed - rig.used() + writtenOff;
          if (current.how === 'forget') rig.gate.forget(device(2).address4);
          else rig.gate.flush();
          if (current.how === 'flush while dead') await rig.restart();
          else await rig.run();
          expect(rig.account().writtenOff).toBeLessThanOrEqual(lost);
          break;
        }
        case 'fail':
          rig.gate.failNext = new Crash();
          await rig.beat();
          rig.gate.failNext = undefined;
          break;
        case 'report':
          report();
          break;
      }
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    check();
  }
  // Nobody is stranded: what was granted and not given back passes in the end, but for a packet.
  await rig.say({ ...sub(), devices: [device(2), device(3)] });
  for (let quiet = 0; quiet < 4; ) {
    const now = rig.upload(2, 3000) + rig.upload(3, 3000);
    passed += now;
    quiet = now === 0n ? quiet + 1 : 0;
    rig.inbox.knock([device(2).id]);
    await rig.beat(6000);
    report();
    check();
  }
  for (let count = 0; count < 3; count += 1) {
    await rig.beat(6000);
    report();
  }
  const { period, granted, writtenOff, released } = rig.account();
  expect(period).toBe(controller.period);
  if (!destroys) expect(controller.billed()).toBe(passed);
  else expect(controller.billed()).toBeLessThanOrEqual(passed);
  expect(granted - rig.used() - writtenOff - released).toBeLessThanOrEqual(1000n);
  // Of the periods that are over nothing stays claimed but what was used or lost, whether the node heard of it or not.
  for (let past = 1; past < period; past += 1) {
    const row = controller.row(past);
    expect(controller.claimed(past)).toBe(usedIn(row) + row.writtenOff);
  }
  const kept = [...(rig.journal.state.closed.get(controller.item().id)?.keys() ?? [])];
  expect(kept.filter((past) => past < period - 2)).toEqual([]);
}

async function withRig(run: (rig: Rig) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tpl-ledger-'));
  const rig = new Rig(directory);
  try {
    await run(rig);
  } finally {
    rig.journal.close();
    rmSync(directory, { recursive: true });
  }
}

test('property: whatever crashes between journal and kernel, no byte passes beyond the grant, each is billed once, none is written off', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(harmless, { maxLength: 25 }), (steps) => withRig((rig) => play(rig, steps))),
    { numRuns: runs },
  );
}, 120_000);

test('a grant whose arming failed is armed again, and passes', () =>
  withRig((rig) =>
    play(rig, [
      { kind: 'crash', taken: false },
      { kind: 'traffic', bytes: 100_000n, device: 2 },
      { kind: 'fail' },
    ]),
  ));

test('a grant no larger than one that passed with its counter deleted is used up', () =>
  withRig((rig) =>
    play(rig, [
      { kind: 'destroy', how: 'flush' },
      { kind: 'grant', bytes: 2000n },
      { kind: 'traffic', bytes: 2000n, device: 2 },
      { kind: 'destroy', how: 'forget' },
      { kind: 'grant', bytes: 2000n },
    ]),
  ));

test('property: when counters are destroyed too, no more is written off than was armed, and none of it passes again', async () => {
  const any = fc.oneof({ weight: 5, arbitrary: harmless }, { weight: 1, arbitrary: destructive });
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 25 }), (steps) => withRig((rig) => play(rig, steps))),
    { numRuns: runs },
  );
}, 120_000);
