import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { termBegins } from '../../../common/term.ts';
import { device, Rig, subscription, subscriptionId } from './rig.ts';

let directory: string;
let rig: Rig;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpl-term-'));
  rig = new Rig(directory);
  await rig.say({ subscriptions: [subscription(1)], devices: [device(2), device(3)] });
  rig.upload(2, 10);
  await rig.beat();
});
afterEach(() => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
});

test('absence removes nothing', async () => {
  await rig.say({ devices: [device(3)] });
  expect(rig.upload(2, 1)).toBe(1000n);
});

test('what is older than what was heard is refused, and changes nothing', async () => {
  const older = {
    removedDeviceIds: [device(2).id],
    removedSubscriptionIds: [],
    erasedSubscriptionIds: [],
    subscriptions: [],
    devices: [],
  };
  await rig.say({});
  await expect(rig.inbox.apply([older], rig.revision - 1n)).rejects.toThrow('restored from a backup');
  await rig.run();
  expect(rig.upload(2, 1)).toBe(1000n);
});

test('after a restore of the controller all is said again, though it was booked before; and that it is all', async () => {
  const settle = async () => {
    for (let n = 0; n < 3; n += 1) {
      rig.report();
      await rig.beat(6000);
    }
  };
  await settle();
  expect(rig.report()).toBeUndefined();
  rig.revision = termBegins(1);
  await rig.say({ subscriptions: [subscription(1)], devices: [device(2), device(3)] });
  await rig.beat();
  const said = rig.report();
  expect(said).toMatchObject({ term: 1 });
  expect(said?.devices).toMatchObject([{ deviceId: device(2).id, uploadBytes: 10_000n }]);
  expect(said?.subscriptions).toMatchObject([{ subscriptionId: subscriptionId(1), grantedBytes: 262_144n }]);
});

test('a node that has nothing to say says that', async () => {
  rig.journal.close();
  rmSync(directory, { recursive: true });
  rig.start();
  rig.revision = termBegins(1);
  await rig.say({});
  await rig.beat();
  expect(rig.report()).toMatchObject({ term: 1, devices: [], subscriptions: [] });
});
