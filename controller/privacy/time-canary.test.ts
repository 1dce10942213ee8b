import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';
import { timesNear } from '../../test/unit/stored-times.ts';
import { storeInventory } from '../store/inventory.ts';

const hourMs = 3600_000;
let directory: string;
let path: string;
let rig: Rig;
let node: TestNode;
let waiting: string;
let device: string;
let other: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-canary-'));
  path = join(directory, 'turnpike.db');
  rig = await openRig({ path });
  node = await rig.node('a');
  const { catalogue } = rig.books;
  await catalogue.addTariff({
    name: 'small',
    volumeBytes: 10_000n,
    maxConnections: 1,
    durationDays: 30,
    thresholds: [50],
  });
  for (const reference of ['a', 'b']) await catalogue.addAccount({ reference });
  waiting = (
    await catalogue.createSubscription({ account: 'a', tariff: 'small', starts: 'first-connection' })
  ).id;
  const { id } = await catalogue.createSubscription({ account: 'b', tariff: 'small' });
  device = await rig.device(waiting);
  other = await rig.device(id);
  await rig.device(id);
  await node.sync();
  // Far from what was sold, and in the middle of a day.
  rig.clock.pass(3 * hourMs + 37 * 60_000);
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

/** What was stored of this moment. */
async function stored(): Promise<string[]> {
  const now = rig.clock.now();
  await rig.books.close();
  const found = timesNear(path, now);
  rig = await openRig({ path });
  return found;
}

/** Connects, holds a seat, sends, in the way in which a node tells of it. */
async function traffic(bytes: bigint): Promise<void> {
  for (const id of [device, other]) {
    await node.presence(id, { connected: true, passing: true, active: true, uploading: true });
    await node.report({ [id]: [bytes, 0n] });
  }
}

describe('traffic', () => {
  it('leaves no time finer than a day', async () => {
    await traffic(100n);
    expect((await rig.books.catalogue.getDevice(other)).lastSeenDay).toBe('2026-11-22');
    // Of a first connection the midnight after it is kept.
    expect(await stored()).toEqual([]);
  });

  it('that uses up a volume leaves the moment of that, as is declared', async () => {
    await traffic(10_000n);
    const found = await stored();
    expect(found).toEqual(['events.at', 'subscriptions.exhausted_at']);
    for (const name of found) {
      const [table = '', column = ''] = name.split('.');
      const fields = storeInventory[table as 'events'] as Readonly<Record<string, { time?: string }>>;
      expect(fields[column]?.time).toBe('exact');
    }
  });
});

it('the canary finds a time that is stored, in whatever form', async () => {
  const now = rig.clock.now();
  await rig.books.catalogue.setDevice(other, { label: new Date(now).toISOString() });
  await rig.books.catalogue.setDevice(device, { label: `seen ${Math.floor(now / 1000)}` });
  expect(await stored()).toEqual(['devices.label']);
});
