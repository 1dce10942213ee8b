import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import { inContact, openShop, Sale } from '../lab/shop.ts';
import { steadyTraffic } from './steady.ts';

test('without the controller traffic goes on within the grants, never passes the volume, and is billed later', async () => {
  const volume = 12_000_000n;
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 2);
  await Promise.all([sale.connect(1, 1), sale.connect(2, 2)]);
  await Promise.all([lab.traffic.openAll(1, 1, 1_500_000), lab.traffic.openAll(2, 2, 1_500_000)]);
  lab.traffic.sendAll();
  await lab.traffic.passed(3_000_000n);

  await lab.controller.kill();
  const killedAt = await lab.traffic.accepted();
  await lab.traffic.passed(killedAt + 1_000_000n);
  const withoutController = await lab.traffic.settled(2000);
  expect(withoutController).toBeLessThanOrEqual(volume);

  await lab.controller.start();
  await Promise.all(lab.nodes.map(({ name }) => inContact(lab, name)));
  const accepted = await lab.traffic.usedUp(volume);
  expect(accepted).toBeLessThanOrEqual(volume);
  expect(volume - accepted).toBeLessThan(volume / 100n);
  await sale.billedExactly(accepted);
});

test('a controller that restarts drops no packet and forgets nothing', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const { sale, lost } = await steadyTraffic(lab);

  await lab.controller.restart();
  const restartedAt = await lab.traffic.accepted();
  await lab.traffic.passed(restartedAt + 100_000n);
  lab.traffic.restAll();
  const accepted = await lab.traffic.settled();
  expect(await lost()).toBe(0);
  await sale.billedExactly(accepted);
});
