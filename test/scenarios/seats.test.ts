import { describe, expect, test } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { inContact, openShop, Sale } from '../lab/shop.ts';
import type { Flow } from '../lab/traffic/flow.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

const volume = 1_000_000_000n;
/** A flow sends 20 datagrams a second: one that was not heard for so long does not pass. */
const silentMs = 400;

async function sending(lab: Lab, client: number, node: number): Promise<Flow> {
  return lab.traffic.open({ client, node, family: 4, direction: 'up', bitsPerSecond: 200_000 });
}

/** Clients whose traffic arrives just now. */
async function passing(lab: Lab): Promise<number[]> {
  const readings = await lab.traffic.readings();
  const now = machineMilliseconds();
  return readings
    .filter(
      ({ receivedDatagrams, lastReceivedAt }) => receivedDatagrams > 0 && now - lastReceivedAt < silentMs,
    )
    .map(({ flow }) => flow.plan.client);
}

async function passes(lab: Lab, ...clients: number[]): Promise<void> {
  const look = async () => (await passing(lab)).join() === clients.join();
  await eventually(`clients ${clients.join(', ')} and no others pass`, look, { within: 20_000, every: 50 });
}

/** Looks for so long; at each look no more pass than were sold, and of these all. */
async function neverMore(lab: Lab, seats: number, looks: number): Promise<void> {
  for (let count = 0; count < looks; count += 1) {
    expect((await passing(lab)).length).toBeLessThanOrEqual(seats);
    await systemClock.sleep(100);
  }
}

async function taken(lab: Lab, sale: Sale): Promise<number> {
  const words = ['subscription', 'show', sale.subscription];
  return (await lab.controller.cli.json<{ connections: number }>(...words)).connections;
}

async function seatOf(lab: Lab, sale: Sale, number: number): Promise<string | null> {
  const { cli } = lab.controller;
  return (await cli.json<{ seatNode: string | null }>('device', 'show', sale.device(number).id)).seatNode;
}

test('of five devices that send over three nodes, two pass; a freed seat opens the next', async () => {
  await using lab = await labForTest({ nodes: 3, clients: 5 });
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 5, ['--max-connections', '2']);
  for (const client of [1, 2, 3, 4, 5]) await sale.connect(client, 1 + (client % 3));
  const flows = await Promise.all([1, 2, 3, 4, 5].map((client) => sending(lab, client, 1 + (client % 3))));
  for (const flow of flows) flow.send();
  await eventually('two seats are taken', async () => (await taken(lab, sale)) === 2, {
    within: 20_000,
    every: 200,
  });
  await eventually('two pass', async () => (await passing(lab)).length === 2, { within: 5_000 });
  await neverMore(lab, 2, 30);

  const [first = 0, second = 0] = await passing(lab);
  await lab.controller.cli.json('device', 'remove', sale.device(first).id);
  const next = async () => {
    const now = await passing(lab);
    return now.length === 2 && now.includes(second) && !now.includes(first);
  };
  await eventually('another one passes in its place', next, { within: 5000, every: 20 });
  await neverMore(lab, 2, 20);

  // What was decided is in the books: a controller that is killed and starts again throws nobody out.
  const before = await passing(lab);
  await lab.controller.kill();
  await neverMore(lab, 2, 10);
  await lab.controller.start();
  await neverMore(lab, 2, 50);
  expect(await passing(lab)).toEqual(before);
});

// These mostly wait for a minute to pass.
describe.concurrent('in time', () => {
  test('an idle device with keepalives does not keep one out that sends', async ({
    onTestFailed,
    expect,
  }) => {
    await using lab = await labForTest({ nodes: 2, clients: 2 }, onTestFailed);
    await openShop(lab);
    const sale = await Sale.make(lab, volume, 2, ['--max-connections', '1']);
    await lab.controller.cli.json('group', 'set', 'default', '--keepalive', '5');
    for (const client of [1, 2]) await sale.connect(client, client);
    const [idle, busy] = [await sending(lab, 1, 1), await sending(lab, 2, 2)];
    idle.send();
    await passes(lab, 1);
    await eventually('the first holds the seat', async () => (await seatOf(lab, sale, 1)) === 'node1', {
      within: 10_000,
      every: 500,
    });
    busy.send();
    await neverMore(lab, 1, 20);
    idle.rest();
    await eventually('the second passes', async () => (await passing(lab)).includes(2), {
      within: 90_000,
      every: 100,
    });
    expect(await seatOf(lab, sale, 2)).toBe('node2');
  });

  test('with evict-oldest a device that knocks takes the seat of the longest connected, once its time is over', async ({
    onTestFailed,
    expect,
  }) => {
    await using lab = await labForTest({ nodes: 2, clients: 2 }, onTestFailed);
    await openShop(lab);
    const sale = await Sale.make(lab, volume, 2, ['--max-connections', '1', '--seat-policy', 'evict-oldest']);
    for (const client of [1, 2]) await sale.connect(client, client);
    const flows = [await sending(lab, 1, 1), await sending(lab, 2, 2)] as const;
    flows[0].send();
    await passes(lab, 1);
    flows[1].send();
    await passes(lab, 1);
    await eventually('the second takes the seat', async () => (await passing(lab)).join() === '2', {
      within: 90_000,
      every: 100,
    });
    await neverMore(lab, 1, 30);
    expect(await passing(lab)).toEqual([2]);
  });

  test('a node without contact lets nobody without a seat pass for long, and no more than were sold after its return', async ({
    onTestFailed,
    expect,
  }) => {
    await using lab = await labForTest({ nodes: 2, clients: 2 }, onTestFailed);
    await openShop(lab);
    const sale = await Sale.make(lab, volume, 2, ['--max-connections', '1']);
    for (const client of [1, 2]) await sale.connect(client, client);
    // Little enough that a cut-off node's idle allowance lasts longer than its patience.
    const small = { family: 4, direction: 'up', payloadBytes: 60, bitsPerSecond: 9_600 } as const;
    const flows = [
      await sending(lab, 1, 1),
      await lab.traffic.open({ client: 2, node: 2, ...small }),
    ] as const;
    for (const flow of flows) flow.knock();
    for (const client of [1, 2]) await lab.client(client).shakenHands();
    await lab.node(2).cutOff();
    for (const flow of flows) flow.send();
    // Its node cannot know that the seat was taken elsewhere.
    await passes(lab, 1, 2);
    await eventually('the one without a seat is parked', async () => (await passing(lab)).join() === '1', {
      within: 100_000,
      every: 100,
    });
    await lab.node(2).reconnect();
    await inContact(lab, 'node2', 60_000);
    await passes(lab, 1);
    await neverMore(lab, 1, 30);
    expect(await seatOf(lab, sale, 1)).toBe('node1');
  });
});
