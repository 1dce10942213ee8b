import { expect, test } from 'vitest';
import { callApi } from '../lab/api.ts';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { copyTunnel } from '../lab/movement.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

/** Each copy sends 5 datagrams a second: one that was not heard for so long does not pass. */
const silentMs = 2_000;

test('two copies of a key, of which one connection was sold, are found, told of and parked, and explain says so', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 2 });
  await openShop(lab);
  const terms = ['--max-connections', '1', '--shared-key', 'count'];
  const sale = await Sale.make(lab, 1_000_000_000n, 1, terms);
  await sale.connect(1, 1);
  await copyTunnel(lab.client(1), lab.client(2));
  for (const client of [1, 2]) {
    const plan = { client, node: 1, family: 4, direction: 'up', payloadBytes: 400 } as const;
    (await lab.traffic.open({ ...plan, bitsPerSecond: 16_000 })).send();
  }
  const { socket } = lab.controller;
  const events = async () => {
    const { body } = await callApi(socket, 'GET', `/v1/events?subscription=${sale.subscription}`);
    return (body as { items: { type: string; deviceId: string | null }[] }).items;
  };
  const told = async () => (await events()).find(({ type }) => type === 'key.shared');
  const event = await eventually('the key is found to be shared', told, { within: 60_000, every: 250 });
  const device = sale.device(1);
  expect(event.deviceId).toBe(device.id);

  const silent = async () => {
    const now = machineMilliseconds();
    const readings = await lab.traffic.readings();
    return readings.every(({ lastReceivedAt }) => now - lastReceivedAt > silentMs);
  };
  await eventually('neither copy passes', silent, { within: 10_000, every: 100 });
  const { body } = await callApi(socket, 'GET', `/v1/devices/${device.id}`);
  expect(body).toMatchObject({
    sharedKey: true,
    access: { state: 'closed', reasons: [{ code: 'shared-key' }] },
  });
});
