import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeStatus } from '../../../agent/status/status.ts';
import { ControllerModel, usedIn } from './controller-model.ts';
import { device, Rig } from './rig.ts';

const MB = 1_000_000n;
let directory: string;
let rig: Rig;
let controller: ControllerModel;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-turn-'));
  rig = new Rig(directory);
  controller = new ControllerModel(2n * MB);
  await rig.say({ subscriptions: [controller.item()], devices: [device(2), device(3)] });
  rig.upload(2, 100);
  await rig.beat();
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const say = () => rig.say({ subscriptions: [controller.item()] });
const live = () => [...rig.memory.remaining.values()].reduce((sum, bytes) => sum + bytes, 0n);

async function announce(next: bigint, inMs = 10_000): Promise<void> {
  controller.endsAt = rig.time.now() + inMs;
  controller.next = next;
  await say();
}

/** Until nothing more is said. */
async function bookAll(): Promise<void> {
  for (let count = 0; count < 4; count += 1) {
    await rig.beat(6000);
    const report = rig.report();
    if (report) controller.book(report);
  }
}

describe('a period’s turn', () => {
  test('is due at the millisecond, by the controller’s clock', async () => {
    rig.inbox.time(rig.clock.now() + 500_000, true);
    await announce(MB);
    rig.clock.step(3_600_000);
    expect(rig.reconciler.momentInMs).toBe(10_000);
    await rig.beat(9_999);
    expect(rig.account().period).toBe(1);
    await rig.beat(1);
    expect(rig.account().period).toBe(2);
  });

  test('without the controller, cuts by a reading: what was counted is the old period’s, what is counted then the new one’s', async () => {
    await announce(2n * MB);
    rig.upload(2, 7);
    rig.upload(3, 5);
    await rig.beat(10_000);
    rig.upload(2, 11);
    await rig.beat();
    await bookAll();
    expect([1, 2].map((period) => usedIn(controller.row(period)))).toEqual([112_000n, 11_000n]);
    expect(controller.row(1)).toMatchObject({ granted: 2n * MB, released: 2n * MB - 112_000n });
  });

  test('disturbs no packet where the new grant has room for what the kernel may still pass', async () => {
    await announce(2n * MB);
    const { quotas } = rig.memory.gate;
    expect(quotas.size).toBe(1);
    await rig.beat(10_000);
    expect(rig.account().period).toBe(2);
    expect([...rig.memory.gate.quotas.keys()]).toEqual([...quotas.keys()]);
  });

  test('counts what the kernel may still pass as armed in the new period', async () => {
    await announce(2n * MB);
    rig.clock.advance(10_000);
    await rig.run();
    expect(live()).toBeGreaterThan(0n);
    expect(rig.account().armed).toBe(live());
    // It is destroyed unread: all of that may have passed.
    const lost = live();
    rig.gate.flush();
    await rig.run();
    expect(rig.account()).toMatchObject({ period: 2, writtenOff: lost });
  });

  test('closes and reads first where the new grant is too small, and passes no more than that', async () => {
    await announce(50_000n);
    await rig.beat(10_000);
    expect(rig.account()).toMatchObject({ period: 2, granted: 50_000n });
    let passed = 0n;
    for (let round = 0; round < 5; round += 1) {
      passed += rig.upload(2, 100);
      await rig.beat();
    }
    expect(passed).toBe(50_000n);
  });

  test.each(['before', 'after'])(
    'comes out the same when the controller’s word comes %s it',
    async (when) => {
      await announce(MB);
      if (when === 'after') await rig.beat(10_000);
      else rig.clock.advance(9_999);
      controller.turn();
      controller.grant(100_000n);
      controller.recall = 1;
      await say();
      rig.clock.advance(6000);
      await bookAll();
      expect(rig.account()).toMatchObject({ period: 2, granted: 1_100_000n, recall: 1 });
      expect(controller.row(1)).toMatchObject({ granted: 2n * MB, released: 1_900_000n });
    },
  );

  test('a recall of the period before is none in this one', async () => {
    controller.recall = 3;
    await announce(MB);
    await rig.beat(10_000);
    await bookAll();
    expect(rig.account()).toMatchObject({ period: 2, recall: 0, released: 0n });
  });

  test('what the controller grants in a period that is over here goes back at once', async () => {
    await announce(MB);
    await rig.beat(10_000);
    controller.grant(300_000n);
    controller.recall = 2;
    await say();
    await bookAll();
    expect(controller.row(1)).toMatchObject({ granted: 2_300_000n, released: 2_200_000n });
    expect(rig.account()).toMatchObject({ period: 2, granted: MB });
  });

  test('a period that begins and ends without us gives back what it was granted beforehand', async () => {
    await announce(MB);
    controller.turn();
    controller.turn();
    controller.grant(2n * MB);
    await say();
    await bookAll();
    expect(controller.claimed(2)).toBe(0n);
    expect(rig.account()).toMatchObject({ period: 3, since: 2, granted: 2n * MB });
  });

  test('with the agent dead, what passed over it is of the period that is reported first', async () => {
    await announce(2n * MB);
    rig.journal.close();
    rig.upload(2, 10);
    rig.clock.advance(20_000);
    rig.upload(2, 20);
    rig.start();
    await rig.run();
    await bookAll();
    expect(usedIn(controller.row(1))).toBe(130_000n);
    expect(rig.account()).toMatchObject({ period: 2, writtenOff: 0n });
  });

  test('a device that comes back in a later period still says what it used before', async () => {
    rig.upload(3, 40);
    await rig.say({ removedDeviceIds: [device(3).id] });
    await announce(2n * MB);
    await rig.beat(10_000);
    await rig.say({ devices: [device(3)] });
    rig.upload(3, 2);
    await rig.restart();
    await bookAll();
    expect(controller.row(1).devices.get(device(3).id)).toBe(40_000n);
    expect(controller.row(2).devices.get(device(3).id)).toBe(2000n);
  });

  test('unlimited passes on over it, counted apart', async () => {
    const unlimited = { metering: 'unlimited' as const, periodEndsAt: rig.time.now() + 1000 };
    await rig.say({ subscriptions: [{ ...controller.item(), ...unlimited }] });
    rig.upload(2, 30);
    const changes = rig.gate.applied.length;
    await rig.beat(1000);
    rig.upload(2, 4);
    await rig.beat();
    expect(rig.gate.applied.length).toBe(changes);
    expect(rig.used()).toBe(4000n);
    expect(rig.account().period).toBe(2);
  });
});

test('periods that are over are said until they are booked, and then kept for two more', async () => {
  const kept = () => [...(rig.journal.state.closed.get(controller.item().id)?.keys() ?? [])];
  for (let count = 0; count < 4; count += 1) {
    rig.upload(2, 1);
    controller.turn();
    controller.grant(MB);
    await say();
  }
  expect(kept()).toEqual([1, 2, 3, 4]);
  await rig.restart();
  await bookAll();
  expect(kept()).toEqual([3, 4]);
  expect(usedIn(controller.row(1))).toBe(101_000n);
});

test('figures for people go on over all periods', async () => {
  const identity = { nodeId: 'nod_0000000000000001', nodeName: 'ams-1', incarnation: 1 };
  const files = {
    controllerAddress: '192.0.2.1:7443',
    enrolmentAddress: '192.0.2.1:7444',
    privateKey: '',
    certificate: '',
    caCertificate: '',
  };
  controller.turn();
  controller.grant(MB);
  await say();
  rig.upload(2, 5);
  await rig.run();
  const { gate } = describeStatus({ ...identity, ...files }, rig.journal.state, rig.clock, undefined);
  expect(gate.uploadBytes).toBe('105000');
});
