import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GateModel } from '../../../agent/gate/model.ts';
import { device, Rig, subscription } from './rig.ts';

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

/** Plays the steps, and holds the books against what the kernel let through after each of them. */
async function play(rig: Rig, steps: readonly Step[]): Promise<void> {
  const destroys = steps.some(({ kind }) => kind === 'destroy');
  let granted = 524_288n;
  let recall = 0;
  let allowance = true;
  let passed = 0n;
  const sub = () => ({ subscriptions: [subscription(1, { grantedBytes: granted, recall, allowance })] });

  const check = () => {
    const { armed, writtenOff, released } = rig.account();
    const used = rig.used();
    expect(passed + released).toBeLessThanOrEqual(granted);
    expect(used + writtenOff + released).toBeLessThanOrEqual(granted);
    expect(used).toBeLessThanOrEqual(passed);
    expect(armed).toBeGreaterThanOrEqual(used);
    if (!destroys) expect(writtenOff).toBe(0n);
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
          granted += current.bytes;
          await rig.say(sub());
          break;
        case 'recall':
          recall += 1;
          allowance = current.allowance;
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
            granted += 100_000n;
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
      }
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    rig.report();
    check();
  }
  // Nobody is stranded: what was granted and not given back passes in the end, but for less than a packet.
  await rig.say({ ...sub(), devices: [device(2), device(3)] });
  for (let quiet = 0; quiet < 4; ) {
    const now = rig.upload(2, 3000) + rig.upload(3, 3000);
    passed += now;
    quiet = now === 0n ? quiet + 1 : 0;
    rig.inbox.knock([device(2).id]);
    await rig.beat(3000);
    check();
  }
  const { writtenOff, released } = rig.account();
  if (!destroys) expect(rig.used()).toBe(passed);
  expect(granted - rig.used() - writtenOff - released).toBeLessThan(1000n);
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

test('property: when counters are destroyed too, no more is written off than was armed, and none of it passes again', async () => {
  const any = fc.oneof({ weight: 5, arbitrary: harmless }, { weight: 1, arbitrary: destructive });
  await fc.assert(
    fc.asyncProperty(fc.array(any, { maxLength: 25 }), (steps) => withRig((rig) => play(rig, steps))),
    { numRuns: runs },
  );
}, 120_000);
