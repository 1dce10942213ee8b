import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

/** What the gate had let through and WireGuard still held when its peer was removed, in bytes: a few datagrams. */
const inFlight = 20_000n;

/** One device, copied to two clients, each on another node, all flows running. */
async function oneDeviceOnTwoNodes(lab: Lab): Promise<Sale> {
  await openShop(lab);
  const sale = await Sale.make(lab, 100_000_000n, 1);
  const device = sale.device(1);
  await Promise.all([sale.connect(1, 1, device), sale.connect(2, 2, device)]);
  await Promise.all([lab.traffic.openAll(1, 1, 1_000_000), lab.traffic.openAll(2, 2, 1_000_000)]);
  lab.traffic.sendAll();
  for (const node of [1, 2]) await passes(lab, node);
  return sale;
}

async function passes(lab: Lab, node: number): Promise<void> {
  const before = await lab.traffic.accepted((plan) => plan.node === node);
  const more = async () => (await lab.traffic.accepted((plan) => plan.node === node)) > before + 200_000n;
  await eventually(`node${node} lets traffic through`, more, { within: 10_000 });
}

/** When the last datagram over this node arrived. */
async function lastArrival(lab: Lab, node: number): Promise<number> {
  const readings = await lab.traffic.readings();
  const ofNode = readings.filter(({ flow }) => flow.plan.node === node);
  return Math.max(...ofNode.map(({ lastReceivedAt }) => lastReceivedAt));
}

test('a removed device is closed on both nodes within a second', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  const sale = await oneDeviceOnTwoNodes(lab);

  await lab.controller.cli.json('device', 'remove', sale.device(1).id);
  const removedAt = machineMilliseconds();
  const accepted = await lab.traffic.settled(1500);
  for (const node of [1, 2]) expect(await lastArrival(lab, node)).toBeLessThan(removedAt + 1000);
  await sale.billedBetween(accepted, accepted + inFlight);
});

test('a node that is removed passes nothing after a second, also after a restart of its agent', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  await oneDeviceOnTwoNodes(lab);

  await lab.controller.cli.json('node', 'remove', lab.node(2).name);
  const removedAt = machineMilliseconds();
  await passes(lab, 1);
  await lab.node(2).restart();
  await passes(lab, 1);
  expect(await lastArrival(lab, 2)).toBeLessThan(removedAt + 1000);
  expect(await lab.node(2).agent('status')).toContain('the controller refuses this node');
});

test('a device removed while a node was cut off is closed there by the first message after its return', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  const sale = await oneDeviceOnTwoNodes(lab);
  await lab.node(2).cutOff();

  await lab.controller.cli.json('device', 'remove', sale.device(1).id);
  const removedAt = machineMilliseconds();
  await passes(lab, 2);
  expect(await lastArrival(lab, 1)).toBeLessThan(removedAt + 1000);

  await lab.node(2).reconnect();
  const isBack = async () =>
    (await lab.controller.cli.json<{ connected: boolean }>('node', 'show', 'node2')).connected;
  await eventually('node 2 is in contact again', isBack, { within: 30_000, every: 50 });
  const backAt = machineMilliseconds();
  const accepted = await lab.traffic.settled(2000, 30_000);
  expect(await lastArrival(lab, 2)).toBeLessThan(backAt + 1000);
  expect(await lab.node(2).peers()).toEqual([]);
  await sale.billedBetween(accepted, accepted + inFlight);

  // And who is erased then is in no byte that any of them keeps.
  const { receipt } = await lab.controller.cli.json<{ receipt: { complete: boolean } }>(
    ...['privacy', 'erase', 'customer-of-lab', '--yes'],
  );
  expect(receipt.complete).toBe(true);
  const places = [lab.controller.directory, ...lab.nodes.map(({ host }) => host.file('state'))];
  const { id, publicKey } = sale.device(1);
  for (const trace of ['customer-of-lab', sale.subscription, id, publicKey]) {
    expect([trace, ...places.flatMap((place) => filesWith(place, trace))]).toEqual([trace]);
  }
});

function filesWith(directory: string, trace: string): string[] {
  const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files.flatMap(({ name }) => (readFileSync(join(directory, name)).includes(trace) ? [name] : []));
}
