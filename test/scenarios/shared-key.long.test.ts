import { expect, test } from 'vitest';
import { callApi } from '../lab/api.ts';
import { eventually, settled } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { copyTunnel } from '../lab/movement.ts';
import { openShop, Sale, type SoldDevice } from '../lab/shop.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

/** Each copy sends 5 datagrams a second: one that was not heard for so long does not pass. */
const silentMs = 2_000;

async function send(lab: Lab, client: number, node: number): Promise<void> {
  const plan = { client, node, family: 4, direction: 'up', payloadBytes: 400 } as const;
  (await lab.traffic.open({ ...plan, bitsPerSecond: 16_000 })).send();
}

/** When the last datagram of any of these clients arrived. */
async function lastHeard(lab: Lab, clients: readonly number[]): Promise<number> {
  const readings = await lab.traffic.readings();
  const theirs = readings.filter(({ flow }) => clients.includes(flow.plan.client));
  return Math.max(...theirs.map(({ lastReceivedAt }) => lastReceivedAt));
}

const passes = async (lab: Lab, client: number) =>
  machineMilliseconds() - (await lastHeard(lab, [client])) <= silentMs;

const foundShared = (lab: Lab, { subscription }: Sale) =>
  eventually(
    'the key is found to be shared',
    async () => {
      const path = `/v1/events?subscription=${subscription}`;
      const { body } = await callApi(lab.controller.socket, 'GET', path);
      const { items } = body as { items: { type: string; deviceId: string | null }[] };
      return items.find(({ type }) => type === 'key.shared');
    },
    { within: 60_000, every: 250 },
  );

const shown = async (lab: Lab, { id }: SoldDevice) =>
  (await callApi(lab.controller.socket, 'GET', `/v1/devices/${id}`)).body;

/** The second copy is given up, and the first one gets the device's new key. */
async function rekey(lab: Lab, sale: Sale): Promise<void> {
  await lab.client(2).disconnect();
  const device = sale.device(1);
  const answer = await lab.controller.cli.json<{
    device: Omit<SoldDevice, 'privateKey'>;
    privateKey: string;
  }>('device', 'rekey', device.id);
  await sale.connect(1, 1, { ...answer.device, privateKey: answer.privateKey });
}

test('two copies of a key, of which one connection was sold, are found, told of and parked until there is a new key', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 2 });
  await openShop(lab);
  const terms = ['--max-connections', '1', '--shared-key', 'count'];
  const sale = await Sale.make(lab, 1_000_000_000n, 1, terms);
  const device = sale.device(1);
  await sale.connect(1, 1);
  await copyTunnel(lab.client(1), lab.client(2));
  for (const client of [1, 2]) await send(lab, client, 1);
  expect((await foundShared(lab, sale)).deviceId).toBe(device.id);

  const silent = async () => machineMilliseconds() - (await lastHeard(lab, [1, 2])) > silentMs;
  await eventually('neither copy passes', silent, { within: 10_000, every: 100 });
  const parked = {
    sharedKey: true,
    access: { state: 'closed', reasons: [{ code: 'shared-key' }] },
  };
  expect(await shown(lab, device)).toMatchObject(parked);
  // Beyond the minute for which a decision holds.
  const patience = { quietMs: 75_000, within: 80_000, every: 500 };
  await settled('what arrives of the copies', () => lastHeard(lab, [1, 2]), patience);
  expect(await shown(lab, device)).toMatchObject(parked);

  await rekey(lab, sale);
  await eventually('the new key passes', () => passes(lab, 1), { within: 10_000, every: 100 });
  expect(await shown(lab, device)).toMatchObject({ sharedKey: false, access: { state: 'open' } });
}, 240_000);

test('copies on two nodes take the seat of another device, which has it back once there is a new key', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 3 });
  await openShop(lab);
  const terms = ['--max-connections', '2', '--shared-key', 'count'];
  const sale = await Sale.make(lab, 1_000_000_000n, 2, terms);
  const [device, other] = [sale.device(1), sale.device(2)];
  await sale.connect(1, 1);
  await sale.connect(2, 2, device);
  await sale.connect(3, 1, other);
  for (const [client, node] of [
    [1, 1],
    [2, 2],
    [3, 1],
  ] as const) {
    await send(lab, client, node);
  }
  expect((await foundShared(lab, sale)).deviceId).toBe(device.id);
  const parked = async () => !(await passes(lab, 3));
  await eventually('the other device is parked', parked, { within: 10_000, every: 100 });
  expect(await shown(lab, other)).toMatchObject({ access: { state: 'closed' } });

  await rekey(lab, sale);
  await eventually('the other device passes', () => passes(lab, 3), { within: 10_000, every: 100 });
  await eventually('the new key passes', () => passes(lab, 1), { within: 10_000, every: 100 });
  expect(await shown(lab, device)).toMatchObject({ sharedKey: false, access: { state: 'open' } });
});
