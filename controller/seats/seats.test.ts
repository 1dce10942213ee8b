import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DeviceAccess, Seat } from '../../common/gen/turnpike/v1/sync_pb.ts';
import { openRig, type Rig, TestNode } from '../../test/unit/books/rig.ts';

let directory: string;
let rig: Rig;
let stop: () => Promise<void>;
let a: TestNode;
let b: TestNode;
let subscription: string;
let devices: string[];

/** Runs what decides seats, until stopped. */
function run({ books }: Rig): () => Promise<void> {
  const ended = new AbortController();
  const task = books.tasks.find(({ name }) => name === 'seats');
  const running = task?.run(ended.signal, () => undefined);
  return async () => {
    ended.abort();
    await running;
  };
}

/** Changes the database while no controller has it. */
async function between(change: (database: DatabaseSync) => void): Promise<void> {
  await stop();
  await rig.books.close();
  const database = new DatabaseSync(join(directory, 'books.db'));
  change(database);
  database.close();
  await open();
}

async function open(): Promise<void> {
  rig = await openRig({ path: join(directory, 'books.db') });
  stop = run(rig);
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tp-seats-'));
  await open();
  subscription = await rig.subscription();
  devices = [];
  for (let count = 0; count < 4; count++) {
    rig.clock.pass(1);
    devices.push(await rig.device(subscription));
  }
});
afterEach(async () => {
  await stop();
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

/** Two nodes, and a tariff with these limits. */
async function sell(limits: string): Promise<void> {
  await between((database) => database.exec(`UPDATE tariffs SET ${limits}`));
  a = await rig.node('a');
  b = await rig.node('b');
  // They had their moment to tell who is there.
  rig.clock.pass(15_000);
}

/** What a node is told: `-` parked, `f` free, `h` held, of each device. */
async function told(node: TestNode): Promise<string> {
  await node.sync();
  return devices
    .map((id) => {
      const one = node.devices.get(id);
      if (one?.access === DeviceAccess.CLOSED) return '-';
      return one?.seat === Seat.HELD ? 'h' : one?.seat === Seat.FREE ? 'f' : '?';
    })
    .join('');
}

const becomes = async (node: TestNode, expected: string) =>
  vi.waitFor(async () => expect(await told(node)).toBe(expected));

/** The node holds what the controller thinks it does. */
const agrees = async (node: TestNode) =>
  vi.waitFor(async () => {
    const digest = await node.sync();
    expect(node.digest()).toEqual(digest);
  });

const nth = (n: number) => devices[n] as string;
const passes = { connected: true, passing: true, active: true };
/** A moment later than what was seen before. */
const see = (node: TestNode, n: number, seen: Parameters<TestNode['presence']>[1]) => {
  rig.clock.pass(1);
  return node.presence(nth(n), seen);
};
const knocks = { connected: true, refused: true };

async function events(): Promise<string[]> {
  let types: string[] = [];
  await between((database) => {
    const rows = database
      .prepare('SELECT type, device_id FROM events WHERE subscription_id IS NOT NULL ORDER BY id')
      .all();
    types = rows.map((row) => `${row['type']} ${row['device_id'] ?? '-'}`);
  });
  return types;
}

describe('seats of a subscription', () => {
  test('are taken by traffic; when all are, the other devices are parked on every node', async () => {
    await sell('max_connections = 2');
    expect(await told(a)).toBe('ffff');
    await see(a, 0, passes);
    await becomes(a, 'hfff');
    await see(b, 1, passes);
    await becomes(b, 'fh--');
    await becomes(a, 'hf--');
    await agrees(a);
    const shown = await rig.books.catalogue.getSubscription(subscription);
    expect(shown).toMatchObject({ connections: 2, maxConnections: 2 });
    expect(await rig.books.catalogue.getDevice(nth(1))).toMatchObject({ seatNode: 'b' });
    expect((await rig.books.catalogue.explain(nth(3))).access).toMatchObject({
      state: 'closed',
      reasons: [{ code: 'seat', text: expect.stringContaining(`in use, by ${nth(0)}, ${nth(1)}`) }],
    });
  });

  test('explain counts who is parked for them, and not as wanting volume', async () => {
    await sell('max_connections = 2');
    await see(a, 0, passes);
    await see(b, 1, passes);
    await becomes(a, 'hf--');
    await see(a, 2, knocks);
    const { verdict } = await rig.books.catalogue.explain(subscription);
    // Who could make room is named, not who waits for it.
    expect(verdict).toBe(
      `open: 3 of 4 devices connected, 2 passing traffic, 2 parked because all 2 connections of the tariff are in use, by ${nth(0)}, ${nth(1)}; disconnect one of the devices that use them: the next one opens by itself, 60 s after its last traffic; or sell more connections`,
    );
    await b.disconnect();
    const shown = await rig.books.catalogue.explain(subscription);
    for (const said of [shown.verdict, shown.devices[3]?.access.reasons[0]?.mend]) {
      expect(said).toMatch(/; a seat on b, out of contact, stays in use until 180 s after contact was lost/);
    }
  });

  test('explain says that one is taken from who is connected longest, where the tariff has it so', async () => {
    await sell("max_connections = 1, seat_policy = 'evict-oldest'");
    await see(a, 0, passes);
    await becomes(a, 'h---');
    const { reasons } = (await rig.books.catalogue.explain(nth(1))).access;
    expect(reasons).toMatchObject([
      {
        text: expect.stringMatching(/^the one connection of the tariff is in use, by /),
        mend: expect.stringMatching(/^nothing needs to be done: one that sends takes the seat of the device/),
      },
    ]);
  });

  test('a freed seat goes to who knocks, also when its holder is removed', async () => {
    await sell('max_connections = 2');
    await see(a, 0, passes);
    await see(b, 1, passes);
    await becomes(a, 'hf--');
    await see(b, 3, knocks);
    await rig.books.catalogue.removeDevice(nth(0));
    await becomes(b, '?h-h');
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    await vi.waitFor(async () =>
      expect((await rig.books.catalogue.getSubscription(subscription)).connections).toBe(0),
    );
  });

  test('are not said to be held by a device that is gone, nor stored with it', async () => {
    await sell('max_connections = 2');
    for (const n of [0, 1]) await see(a, n, passes);
    await becomes(a, 'hh--');
    await rig.books.catalogue.removeDevice(nth(0));
    await rig.books.catalogue.removeDevice(nth(3));
    const { status, seatNode } = await rig.books.catalogue.getDevice(nth(0));
    expect({ status, seatNode }).toEqual({ status: 'revoked', seatNode: null });
    await between((database) => {
      const gone = database
        .prepare('SELECT parked, seat_node_id FROM devices WHERE removed_at IS NOT NULL')
        .all();
      expect(gone).toEqual([
        { parked: 0, seat_node_id: null },
        { parked: 0, seat_node_id: null },
      ]);
    });
  });

  test('one that does not use the seat it was given loses it in time', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await becomes(a, 'h---');
    await see(b, 3, knocks);
    await see(a, 0, { connected: true });
    await becomes(b, '---h');
    await see(b, 3, { connected: true });
    rig.clock.pass(15_000);
    await becomes(b, 'ffff');
  });

  test('a new device is parked when all seats are taken', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await becomes(a, 'h---');
    devices.push(await rig.device(subscription));
    await becomes(a, 'h----');
  });

  test('stay with their holders when the controller starts again, and free themselves in time', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await becomes(a, 'h---');
    await between(() => undefined);
    b = await TestNode.enrol(rig.books, 'b');
    await b.hello();
    await see(b, 1, knocks);
    await becomes(b, 'f---');
    expect((await rig.books.catalogue.getDevice(nth(0))).seatNode).toBe('a');
    rig.clock.pass(180_000);
    await becomes(b, '-h--');
  });

  test('are free once their node is removed', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await see(b, 1, knocks);
    await becomes(b, 'f---');
    await rig.books.catalogue.removeNode('a');
    await becomes(b, '-h--');
  });

  test('in observe nobody is parked, and explain says who would be', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await becomes(a, 'h---');
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    await becomes(a, '????');
    await agrees(a);
    const { access } = await rig.books.catalogue.explain(nth(1));
    expect(access).toMatchObject({ state: 'open', wouldClose: [{ code: 'seat' }] });
    await rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    await becomes(a, 'h---');
  });

  test('that are refused are told once an hour', async () => {
    await sell('max_connections = 1');
    await see(a, 0, passes);
    await see(b, 1, passes);
    await becomes(a, 'h---');
    await see(b, 2, knocks);
    await see(b, 3, knocks);
    await becomes(a, 'h---');
    expect(await events()).toEqual(['connection.limit -']);
  });
});

describe('a key on two devices', () => {
  test('is told, and changes nothing else where the tariff only notifies', async () => {
    await sell('max_connections = 1');
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, 'h---');
    expect((await rig.books.catalogue.explain(nth(0))).verdict).toMatch(/looks used in two places at once/);
    expect(await events()).toEqual([`key.shared ${nth(0)}`]);
  });

  test('is found in the list of devices', async () => {
    await sell('max_connections = 1');
    await see(a, 1, { ...passes, shared: true });
    const listed = async (sharedKey: boolean) =>
      (await rig.books.catalogue.listDevices({ sharedKey })).map(({ id }) => id);
    expect(await listed(true)).toEqual([nth(1)]);
    expect(await listed(false)).toEqual([nth(0), nth(2), nth(3)]);
    await see(a, 1, passes);
    expect(await listed(true)).toEqual([]);
  });

  test('needs a seat more where the tariff counts it', async () => {
    await sell("max_connections = 2, shared_key = 'count'");
    await see(a, 0, passes);
    await see(b, 1, passes);
    await becomes(a, 'hf--');
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, 'h---');
    await b.presence(nth(1), knocks);
    expect((await rig.books.catalogue.explain(nth(1))).access.reasons).toMatchObject([{ code: 'seat' }]);
  });

  test('is named to those whom it keeps out, with what mends it', async () => {
    await sell("max_connections = 2, shared_key = 'count'");
    await rig.books.catalogue.setDevice(nth(0), { label: 'phone' });
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, 'h---');
    const why = `all 2 connections of the tariff are in use, by phone (${nth(0)}), which counts twice as its key is used in two places at once`;
    const mend = `turnpike device rekey ${nth(0)}, and configure one place only: that counts once; or disconnect`;
    const { access, verdict } = await rig.books.catalogue.explain(nth(1));
    expect(verdict).toContain(why);
    expect(access.reasons).toMatchObject([{ text: why, mend: expect.stringContaining(mend) }]);
    const whole = (await rig.books.catalogue.explain(subscription)).verdict;
    for (const said of [
      `3 parked because ${why}; ${mend}`,
      `; the key of phone (${nth(0)}) looks used in two places at once: give each device a configuration`,
    ]) {
      expect(whole).toContain(said);
    }
  });

  test('is said to be why its own device waits for two connections, when one is free', async () => {
    await sell("max_connections = 2, shared_key = 'count'");
    await see(a, 0, passes);
    await see(b, 1, passes);
    await becomes(a, 'hf--');
    await see(a, 0, { connected: true, shared: true });
    rig.clock.pass(60_000);
    await becomes(b, '-hff');
    expect((await rig.books.catalogue.explain(nth(0))).access.reasons).toMatchObject([
      {
        text: `1 of 2 connections of the tariff is in use, by ${nth(1)}; its own key is used in two places at once, and needs two`,
        mend: expect.stringContaining(`turnpike device rekey ${nth(0)}, and configure one place only`),
      },
    ]);
    expect((await rig.books.catalogue.explain(subscription)).verdict).toContain(
      `1 parked because 1 of 2 connections of the tariff is in use, by ${nth(1)}; turnpike device rekey ${nth(0)}`,
    );
  });

  test('is seen by upload on two nodes at once, and alone beyond the limit it is parked for a minute', async () => {
    await sell("max_connections = 1, shared_key = 'count'");
    const uploads = { ...passes, uploading: true };
    await see(a, 0, uploads);
    await becomes(a, 'h---');
    await see(b, 0, uploads);
    await vi.waitFor(() => expect(rig.clock.timers).toBe(1));
    rig.clock.pass(14_000);
    await see(a, 0, passes);
    await vi.waitFor(() => expect(rig.clock.timers).toBe(0));
    rig.clock.pass(5_000);
    await see(a, 0, uploads);
    await vi.waitFor(() => expect(rig.clock.timers).toBe(1));
    rig.clock.pass(15_000);
    await becomes(b, '-fff');
    expect((await rig.books.catalogue.explain(nth(0))).verdict).toMatch(/used in two places at once/);
    const listed = await rig.books.catalogue.listDevices({ sharedKey: true });
    expect(listed.map(({ id }) => id)).toEqual([nth(0)]);
    for (const node of [a, b]) await see(node, 0, { connected: true });
    rig.clock.pass(60_000);
    await becomes(b, 'ffff');
  });

  const uploads = { ...passes, uploading: true };
  /** Uploads on both nodes for as long as it takes. */
  const overlap = async (n: number) => {
    await see(a, n, uploads);
    await see(b, n, uploads);
    await vi.waitFor(() => expect(rig.clock.timers).toBe(1));
    rig.clock.pass(15_000);
  };
  const rekey = (n: number) => rig.books.catalogue.rekeyDevice(nth(n), {});
  /** The revision of the device that the node holds. */
  const revision = (node: TestNode, n: number) => node.devices.get(nth(n))?.revision ?? 0n;

  test('stays parked for as long as its node says so; explain names no earlier end', async () => {
    await sell("max_connections = 1, shared_key = 'count'");
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, '-fff');
    await see(a, 0, { connected: true, shared: true });
    rig.clock.pass(60_000);
    await see(a, 1, { connected: true });
    await becomes(a, '-fff');
    const [reason] = (await rig.books.catalogue.explain(nth(0))).access.reasons;
    expect(reason).toMatchObject({
      code: 'shared-key',
      text: expect.stringMatching(/until some 10 minutes/),
    });
    await see(a, 0, { connected: true });
    rig.clock.pass(60_000);
    await becomes(a, 'ffff');
  });

  test('takes no other seat by force while it counts twice', async () => {
    await sell("max_connections = 2, shared_key = 'count', seat_policy = 'evict-oldest'");
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, 'h---');
    await see(a, 0, { connected: true, shared: true });
    await becomes(a, 'ffff');
    await see(a, 1, passes);
    await becomes(a, '-hff');
    await see(b, 2, passes);
    await becomes(a, '-hf-');
    await see(a, 0, { ...knocks, shared: true });
    rig.clock.pass(120_000);
    await becomes(a, '-hf-');
  });

  test('that gets a new one counts once, at once, whatever a node still says of the old one', async () => {
    await sell("max_connections = 2, shared_key = 'count'");
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, 'h---');
    await see(b, 1, knocks);
    const old = revision(a, 0);
    await rekey(0);
    await becomes(b, 'fh--');
    expect(await rig.books.catalogue.getDevice(nth(0))).toMatchObject({ sharedKey: false });
    await see(a, 0, { ...passes, shared: true, deviceRevision: old });
    await see(b, 1, passes);
    await becomes(a, 'hf--');
    expect(await rig.books.catalogue.getDevice(nth(0))).toMatchObject({ sharedKey: false });
    await see(a, 0, { ...passes, shared: true, deviceRevision: revision(a, 0) });
    await becomes(a, 'h---');
  });

  test('that is parked for it is open at once with a new one, whatever a node says that was cut off', async () => {
    await sell("max_connections = 1, shared_key = 'count'");
    await see(a, 0, { ...passes, shared: true });
    await becomes(a, '-fff');
    await see(a, 0, { ...knocks, shared: true });
    await rekey(0);
    await becomes(a, 'h---');
    await see(a, 0, passes);
    expect((await rig.books.catalogue.explain(nth(0))).access).toMatchObject({ state: 'open' });
    await a.disconnect();
    await a.hello();
    // It comes back with what it knew when it was cut off.
    await see(a, 0, { ...passes, shared: true, deviceRevision: 1n });
    await becomes(a, 'h---');
    expect(await rig.books.catalogue.getDevice(nth(0))).toMatchObject({ sharedKey: false });
  });

  test('seen by upload on two nodes counts once with a new one, and is open at once where it was parked for that', async () => {
    await sell("max_connections = 1, shared_key = 'count'");
    await overlap(0);
    await becomes(b, '-fff');
    for (const node of [a, b]) await see(node, 0, { connected: true });
    await rekey(0);
    await becomes(b, 'ffff');
    expect(await rig.books.catalogue.getDevice(nth(0))).toMatchObject({ sharedKey: false });
  });

  test('seen by upload on two nodes is forgotten with the key also where it is not parked for it', async () => {
    await sell("max_connections = 2, shared_key = 'count'");
    await overlap(0);
    await becomes(b, 'h---');
    await see(a, 0, { connected: true });
    await rekey(0);
    await becomes(b, 'hfff');
    expect(await rig.books.catalogue.getDevice(nth(0))).toMatchObject({ sharedKey: false });
  });
});
