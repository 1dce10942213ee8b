import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import { inContact, openShop, Sale } from '../lab/shop.ts';
import { goesOn } from '../lab/turn.ts';

test('three nodes share a volume to the byte, one of them cut off at 95 %; a top-up flows on all', async () => {
  const volume = 15_000_000n;
  const topUp = 3_000_000n;
  await using lab = await labForTest({ nodes: 3, clients: 3 });
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 3);
  const clients = [1, 2, 3];
  await Promise.all(clients.map((client) => sale.connect(client, client)));
  // Few enough at the end that the last twentieth lasts for some seconds.
  const flows = await Promise.all(clients.map((client) => lab.traffic.openAll(client, client, 100_000)));
  await Promise.all(clients.map((client) => lab.traffic.openAll(client, client, 1_000_000)));
  lab.traffic.sendAll();
  await lab.traffic.passed((volume * 93n) / 100n);
  lab.traffic.restAll();
  for (const flow of flows.flat()) flow.send();
  await lab.traffic.passed((volume * 95n) / 100n);
  await lab.node(3).cutOff();
  const cutOffAt = await lab.traffic.accepted();
  await lab.traffic.passed(cutOffAt + 100_000n);
  const cutOff = await lab.traffic.settled(1_500);
  expect(cutOff).toBeLessThanOrEqual(volume);

  await lab.node(3).reconnect();
  await inContact(lab, 'node3');
  const accepted = await lab.traffic.usedUp(volume, { quietMs: 1_000 });
  expect(accepted).toBeLessThanOrEqual(volume);
  expect(volume - accepted).toBeLessThan(volume / 100n);
  await sale.billedExactly(accepted);

  await sale.topUp(topUp, 'payment-2');
  await goesOn(lab, clients, 0n);
  lab.traffic.sendAll();
  const all = await lab.traffic.usedUp(volume + topUp, { quietMs: 1_000 });
  expect(all).toBeLessThanOrEqual(volume + topUp);
  await sale.billedExactly(all);
});
