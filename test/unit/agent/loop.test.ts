import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Loop } from '../../../agent/reconcile/loop.ts';
import { Validity } from '../../../agent/reconcile/validity.ts';
import { TurnpikeError } from '../../../common/errors.ts';
import { silentLogger } from '../../../common/log.ts';
import { Wake } from '../../../common/wake.ts';
import { device, Rig, settings, subscription } from './rig.ts';

let directory: string;
let rig: Rig;
let stop: AbortController;
let running: Promise<void>;
let refusals: number;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-task-'));
  rig = new Rig(directory);
  refusals = 0;
});
afterEach(async () => {
  stop.abort();
  await running.catch(() => undefined);
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

async function start(): Promise<void> {
  stop = new AbortController();
  const wake = new Wake();
  rig.wake = () => wake.set();
  const loop = new Loop({
    ...{ reconciler: rig.reconciler, inbox: rig.inbox, gate: rig.gate, clock: rig.clock, wake },
    ...{
      validity: new Validity(rig.clock, rig.clock, { validUntil: 0, refused: false, settings: undefined }),
      telemetry: rig.telemetry,
      log: silentLogger,
    },
    random: () => 0.5,
    onReading: () => undefined,
    onRefusal: () => {
      refusals += 1;
    },
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  running = loop.run(stop.signal, resolve);
  await Promise.race([promise, running]);
}

const joined = {
  removedDeviceIds: [],
  removedSubscriptionIds: [],
  erasedSubscriptionIds: [],
  subscriptions: [subscription(1, { grantedBytes: 2_000_000n })],
  devices: [device(2)],
};

test('what the controller says is in force without waiting for a beat', async () => {
  await start();
  rig.inbox.settings(settings);
  expect(await rig.inbox.apply([joined], 1n)).toEqual({ refusals: [] });
  expect(rig.upload(2, 1)).toBe(1000n);
});

test('what a whole word of the controller does not name is let go; otherwise absence removes nothing', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([joined], 1n);
  const other = { ...joined, subscriptions: [subscription(1)], devices: [device(3)] };
  await rig.inbox.apply([other], 2n);
  const held = () => [...rig.journal.state.devices.keys()].sort();
  expect(held()).toEqual([device(2).id, device(3).id].sort());
  await rig.inbox.apply([other], 3n, true);
  expect(held()).toEqual([device(3).id]);
  expect([...rig.journal.state.subscriptions.keys()]).toEqual([subscription(1).id]);
  await rig.inbox.apply([], 4n, true);
  expect([held(), rig.journal.state.subscriptions.size]).toEqual([[], 0]);
});

test('a whole word lets go also of what was said just before it, and is not in force yet', async () => {
  await start();
  rig.inbox.settings(settings);
  const other = { ...joined, subscriptions: [subscription(1)], devices: [device(3)] };
  await Promise.all([rig.inbox.apply([joined], 1n), rig.inbox.apply([other], 2n, true)]);
  expect([...rig.journal.state.devices.keys()]).toEqual([device(3).id]);
});

test('what is older than what is held changes nothing, unless it is the whole', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([joined], 1n);
  const older = {
    ...joined,
    devices: [{ ...device(2), revision: device(2).revision - 1n, publicKey: device(9).publicKey }],
  };
  const key = () => rig.journal.state.devices.get(device(2).id)?.publicKey;
  await rig.inbox.apply([older], 2n);
  expect(key()).toBe(device(2).publicKey);
  await rig.inbox.apply([older], 3n, true);
  expect(key()).toBe(device(9).publicKey);
});

test('counters are read with each beat, and after an event of the gate at once', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([joined], 1n);
  const { readings } = rig.telemetry;
  rig.clock.advance(1000);
  await vi.waitFor(() => expect(rig.telemetry.readings).toBe(readings + 1));
  rig.gate.flush();
  rig.clock.advance(1);
  rig.clock.advance(1);
  await vi.waitFor(() => expect(rig.journal.state.epochs).toBe(2));
  await vi.waitFor(() => expect(rig.upload(2, 1)).toBe(1000n));
});

test('an idle device that arrives is read before the beat, and its subscription wants', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([joined], 1n);
  const { readings } = rig.telemetry;
  expect(rig.upload(2, 20)).toBe(20_000n);
  rig.clock.advance(1);
  rig.clock.advance(1);
  await vi.waitFor(() => expect(rig.telemetry.readings).toBe(readings + 1));
  await vi.waitFor(() => expect(rig.used()).toBe(20_000n));
});

test('a refusal is told once between two beats', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([{ ...joined, subscriptions: [subscription(1, { grantedBytes: 0n })] }], 1n);
  const refused = () => {
    rig.upload(2, 3);
    rig.clock.advance(1);
  };
  refused();
  refused();
  expect(refusals).toBe(1);
  const { readings } = rig.telemetry;
  rig.clock.advance(1000);
  await vi.waitFor(() => expect(rig.telemetry.readings).toBe(readings + 1));
  await vi.waitFor(() => {
    refused();
    expect(refusals).toBe(2);
  });
});

test('a failure later is tried again, a little later each time', async () => {
  await start();
  rig.inbox.settings(settings);
  await rig.inbox.apply([joined], 1n);
  rig.gate.failNext = new TurnpikeError('environment', 'nft failed');
  const removal = { ...joined, removedDeviceIds: [device(2).id], subscriptions: [], devices: [] };
  const answer = rig.inbox.apply([removal], 2n);
  await vi.waitFor(() => expect(rig.telemetry.lastError).toBe('nft failed'));
  rig.clock.advance(100);
  await answer;
  expect(rig.upload(2, 1)).toBe(0n);
  expect(rig.telemetry.failures).toBe(1);
});

test('a failure before anything was in force ends the agent, for the person to read', async () => {
  rig.journal.commit({ settings });
  rig.gate.failNext = new TurnpikeError('environment', 'nft is not installed');
  await expect(start()).rejects.toThrow('nft is not installed');
});

test('a failure with the first settings ends the agent too, and nobody goes on waiting for it', async () => {
  let watching = 0;
  const watch = rig.gate.watch.bind(rig.gate);
  rig.gate.watch = (onEvent) => {
    watching += 1;
    const stream = watch(onEvent);
    return {
      ended: stream.ended,
      stop: () => {
        watching -= 1;
        stream.stop();
      },
    };
  };
  await start();
  rig.gate.failNext = new TurnpikeError('conflict', 'another program has UDP port 51820');
  rig.inbox.settings(settings);
  const answer = rig.inbox.apply([joined], 1n);
  await Promise.all([
    expect(running).rejects.toThrow('UDP port 51820'),
    expect(answer).rejects.toThrow('stopping'),
  ]);
  expect(watching).toBe(0);
});
