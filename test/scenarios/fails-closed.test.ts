import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { newKeys } from '../lab/tunnel.ts';

async function deviceUnderTraffic(lab: Lab): Promise<Sale> {
  await openShop(lab);
  const sale = await Sale.make(lab, 100_000_000n, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 1_000_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(500_000n);
  return sale;
}

test('a device whose elements are deleted from the gate passes nothing, and gets through again once mended', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const sale = await deviceUnderTraffic(lab);
  // Nobody there to mend it at once.
  await lab.node(1).kill();
  await lab.node(1).deleteGateElements([sale.device(1).address4, sale.device(1).address6]);

  const closedAt = await lab.traffic.settled(500);
  expect(await lab.traffic.settled(1000)).toBe(closedAt);

  await lab.node(1).start();
  await lab.traffic.passed(closedAt + 500_000n, 10_000);
});

test('elements deleted under the eyes of the agent are mended', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const sale = await deviceUnderTraffic(lab);
  await lab.node(1).deleteGateElements([sale.device(1).address4, sale.device(1).address6]);
  const deletedAt = await lab.traffic.accepted();
  await lab.traffic.passed(deletedAt + 100_000n, 5000);
});

test('a device that only WireGuard knows passes nothing', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 2 });
  const sale = await deviceUnderTraffic(lab);
  const known = sale.device(1);
  const [stranger4, stranger6] = ['10.64.200.200', 'fd74:7572:6e70::c8c8'];
  const keys = await newKeys();
  await lab.node(1).kill();
  const ips = `${stranger4}/32,${stranger6}/128`;
  await lab
    .node(1)
    .host.run(['wg', 'set', lab.node(1).interface, 'peer', keys.publicKey, 'allowed-ips', ips]);
  const text = lab.client(1).wgQuickText;
  await lab.client(2).connect(
    text
      .replace(/PrivateKey = .*/, `PrivateKey = ${keys.privateKey}`)
      .replace(/PresharedKey = .*\n/, '')
      .replaceAll(known.address4, stranger4)
      .replaceAll(known.address6, stranger6),
  );
  for (const family of [4, 6] as const) {
    const flow = await lab.traffic.open({ client: 2, node: 1, family, direction: 'up' });
    flow.send();
  }
  await lab.client(2).shakenHands();
  const before = await lab.traffic.accepted((plan) => plan.client === 1);
  await lab.traffic.passed(before + 500_000n);
  expect(await lab.traffic.accepted((plan) => plan.client === 2)).toBe(0n);
});
