import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';

test('a top-up flows within a second, on the node that wants it, whichever that is', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 1 });
  await openShop(lab);
  const sale = await Sale.make(lab, 3_000_000n, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 1_500_000);
  lab.traffic.sendAll();
  const first = await lab.traffic.usedUp(3_000_000n);
  await sale.billedExactly(first);

  // The customer goes to the other server, where nothing was granted yet.
  lab.traffic.restAll();
  await sale.connect(1, 2);
  const [flow] = [
    await lab.traffic.open({ client: 1, node: 2, family: 4, direction: 'up', bitsPerSecond: 1_500_000 }),
  ];
  flow.send();
  await lab.client(1).shakenHands();
  expect(await lab.traffic.settled(500)).toBeLessThanOrEqual(3_000_000n);

  const before = await lab.traffic.of(flow);
  await sale.topUp(2_000_000n, 'payment-2');
  const toppedUpAt = machineMilliseconds();
  const flows = async () => (await lab.traffic.of(flow)).up > before.up;
  await eventually('traffic flows on the other node', flows, { within: 5000, every: 10 });
  expect(machineMilliseconds() - toppedUpAt).toBeLessThan(1000);
  const all = await lab.traffic.usedUp(5_000_000n);
  expect(all).toBeLessThanOrEqual(5_000_000n);
  await sale.billedExactly(all);
});
