import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GateModel } from '../../../agent/gate/model.ts';
import { ControllerModel } from './controller-model.ts';
import { device, Rig } from './rig.ts';

const runs = Number(process.env['FC_RUNS'] ?? 40);
const throttle = { downloadBitsPerSecond: 64_000n, scope: 'subscription' } as const;

let directory: string;
let rig: Rig;
let controller: ControllerModel;
/** What passed in all, and of that while it was throttled. */
let passed: bigint;
let slow: bigint;

function begin(granted: bigint): void {
  directory = mkdtempSync(join(tmpdir(), 'tpl-throttle-'));
  rig = new Rig(directory);
  controller = new ControllerModel(granted);
  passed = 0n;
  slow = 0n;
  const apply = rig.gate.apply.bind(rig.gate);
  // Packets come also between a decision and its change of the gate.
  rig.gate.apply = async (from: GateModel, to: GateModel, validitySeconds: number) => {
    if (from !== to) await send(3);
    await apply(from, to, validitySeconds);
  };
}

function end(): void {
  rig.journal.close();
  rmSync(directory, { recursive: true });
}

async function send(packets: number, n = 2): Promise<bigint> {
  // Asked of the kernel: after a crash nobody else knows.
  const throttled = (await rig.gate.epoch()) && (await rig.gate.observe()).unlimited.has(device(n).address4);
  const bytes = rig.upload(n, packets);
  passed += bytes;
  if (throttled) slow += bytes;
  return bytes;
}

const say = () => rig.say({ subscriptions: [{ ...controller.item(), throttle }] });
const start = () =>
  rig.say({ subscriptions: [{ ...controller.item(), throttle }], devices: [device(2), device(3)] });
const pass = (n = 2) => rig.memory.gate.devices.get(device(n).id)?.pass.kind;

/** Limits in the gate, in bytes per second. */
const speeds = () => [...rig.memory.gate.limits.values()].map(({ bytesPerSecond }) => bytesPerSecond);

async function sendOn(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await send(1000);
    await rig.beat();
  }
}

describe('when nothing is left of the grant', () => {
  beforeEach(async () => {
    begin(1_000_000n);
    await start();
    await sendOn(6);
  });
  afterEach(end);

  test('devices go on throttled, and ask for more', async () => {
    expect(pass()).toBe('unlimited');
    expect(speeds()).toEqual([8000n]);
    expect(passed - slow).toBe(1_000_000n);
    expect(rig.memory.wantingSince.size).toBe(1);
    expect(await send(10)).toBe(10_000n);
  });

  test('what is beyond the grant is usage like any other, and nothing of it is armed', async () => {
    await rig.beat();
    expect(rig.used()).toBe(passed);
    expect(passed).toBeGreaterThan(1_000_000n);
    expect(rig.account()).toMatchObject({ granted: 1_000_000n, armed: passed, writtenOff: 0n, released: 0n });
  });

  test('a top-up is passed at the grant’s speed, all of it', async () => {
    await rig.beat();
    const before = slow;
    controller.grant(passed - 1_000_000n + 500_000n);
    await say();
    expect(pass()).toBe('quota');
    expect(speeds()).toEqual([]);
    await sendOn(4);
    expect(passed - before - 1_000_000n).toBeGreaterThanOrEqual(500_000n);
    expect(pass()).toBe('unlimited');
  });

  test('it is so again after a restart, without a packet lost', async () => {
    await rig.beat();
    const before = rig.gate.applied.length;
    await rig.restart();
    expect(await send(1)).toBe(1000n);
    expect(speeds()).toEqual([8000n]);
    expect(rig.gate.applied.slice(before)).toEqual([]);
  });

  test('the next period’s grant ends it', async () => {
    controller.turn();
    controller.grant(800_000n);
    await say();
    expect(pass()).toBe('quota');
    expect(rig.account()).toMatchObject({ period: 2, granted: 800_000n });
  });

  test('a tariff that blocks closes at once', async () => {
    await rig.say({ subscriptions: [controller.item()] });
    expect(await send(1)).toBe(0n);
  });
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), packets: fc.nat(400) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('beat' as const),
      ms: fc.constantFrom(20, 1000, 6000, 400_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('grant' as const), bytes: fc.bigInt(1n, 400_000n) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('recall' as const), allowance: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const), bytes: fc.bigInt(0n, 400_000n) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

test('property: only at the throttle’s speed does anything pass beyond the grant, and all of it is billed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      begin(524_288n);
      try {
        await start();
        for (const current of steps) {
          if (current.kind === 'send') await send(current.packets);
          else if (current.kind === 'beat') await rig.beat(current.ms);
          else if (current.kind === 'restart') await rig.restart();
          else {
            if (current.kind === 'grant') controller.grant(current.bytes);
            if (current.kind === 'recall') {
              controller.recall += 1;
              controller.allowance = current.allowance;
            }
            if (current.kind === 'turn') {
              controller.turn();
              controller.grant(current.bytes);
            }
            await say();
          }
          const closed = [...(rig.journal.state.closed.get(controller.item().id)?.values() ?? [])];
          const { released, writtenOff } = rig.account();
          expect(writtenOff).toBe(0n);
          const back = closed.reduce((sum, each) => sum + each.released, released);
          expect(passed - slow + back).toBeLessThanOrEqual(controller.grantedInAll());
        }
        for (let round = 0; round < 8; round += 1) {
          await send(400);
          rig.inbox.knock([device(2).id]);
          await rig.beat(3000);
        }
        // Never closed, whatever came before.
        expect(await send(5)).toBe(5000n);
        await rig.run();
        const { past } = rig.journal.state;
        expect(rig.used() + past.upload + past.download).toBe(passed);
      } finally {
        end();
      }
    }),
    { numRuns: runs },
  );
}, 120_000);
