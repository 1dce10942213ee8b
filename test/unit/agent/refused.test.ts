import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printStatus } from '../../../agent/commands/status.ts';
import { describeStatus } from '../../../agent/status/status.ts';
import { device, Rig, settings, subscription, subscriptionId } from './rig.ts';

let directory: string;
let rig: Rig;
let passedBefore: bigint;

/** On a grant, on an idle allowance, unlimited. */
const devices = [2, 3, 4];
const day = 86_400_000;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-refused-'));
  rig = new Rig(directory);
  await rig.say({
    subscriptions: [
      subscription(1, { grantedBytes: 2_000_000n }),
      subscription(2),
      subscription(3, { metering: 'unlimited', grantedBytes: 0n }),
    ],
    devices: devices.map((n) => device(n, { subscriptionId: subscriptionId(n - 1) })),
  });
  passedBefore = rig.upload(2, 300);
  await rig.beat();
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

const pass = () => devices.map((n) => rig.upload(n, 1));
const all = [1000n, 1000n, 1000n];
const none = [0n, 0n, 0n];

async function refuse(): Promise<void> {
  rig.inbox.refused();
  await rig.run({ reading: false });
}

async function accept(): Promise<void> {
  rig.inbox.heard(true);
  rig.inbox.settings(settings);
  await rig.run({ reading: false });
}

function status(): string {
  const identity = { nodeId: 'nod_0000000000000001', nodeName: 'ams-1', incarnation: 1 };
  const files = {
    controllerAddress: '192.0.2.1:7443',
    enrolmentAddress: '192.0.2.1:7444',
    privateKey: '',
    certificate: '',
    caCertificate: '',
  };
  return printStatus(describeStatus({ ...identity, ...files }, rig.journal.state, rig.clock, undefined)).join(
    '\n',
  );
}

test('a node that the controller refuses closes everybody, and books what had passed', async () => {
  expect(pass()).toEqual(all);
  await refuse();
  expect(pass()).toEqual(none);
  const journalled = devices.map((n) => rig.journal.state.meters.get(device(n).id)?.upload);
  expect(journalled).toEqual([passedBefore + 1000n, 1000n, 1000n]);
  await rig.beat();
  await rig.run({ full: true });
  expect(pass()).toEqual(none);
});

test('what the controller said just before does not outlive the refusal', async () => {
  rig.inbox.settings({ ...settings, mtu: 1380 });
  rig.inbox.heard(true);
  await refuse();
  expect(pass()).toEqual(none);
});

test('it is also refused when the controller was not heard for long', async () => {
  await rig.beat(2 * day);
  expect(rig.upload(4, 1)).toBe(1000n);
  await refuse();
  expect(pass()).toEqual(none);
});

test('it stays closed over a restart without the controller, also with new counters', async () => {
  await refuse();
  await rig.restart();
  expect(pass()).toEqual(none);
  rig.gate.flush();
  await rig.restart();
  expect(pass()).toEqual(none);
  expect(status()).toContain('the controller refuses this node, and all devices are closed');
});

test('a crash before the gate was closed does not leave it open', async () => {
  const apply = rig.gate.apply.bind(rig.gate);
  rig.gate.apply = async () => {
    throw new Error('killed');
  };
  rig.inbox.refused();
  await expect(rig.run()).rejects.toThrow('killed');
  expect(pass()).toEqual(all);
  rig.gate.apply = apply;
  await rig.restart();
  expect(pass()).toEqual(none);
});

test('it opens again when the controller is heard again, for good', async () => {
  await refuse();
  await accept();
  expect(pass()).toEqual(all);
  await rig.restart();
  expect(pass()).toEqual(all);
  expect(status()).not.toContain('refuses');
});

test('an outage closes nobody within what was granted', async () => {
  await rig.beat(day / 2);
  expect(pass()).toEqual(all);
});
