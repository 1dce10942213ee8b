import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { steadyTraffic } from './steady.ts';

test.concurrent.for(['kill', 'stop'] as const)(
  'an agent that ends (%s) in mid-traffic and starts again costs no packet and no session',
  async (end, { onTestFailed }) => {
    await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
    const { sale, lost } = await steadyTraffic(lab);
    const session = await lab.client(1).shakenHands();

    await lab.node(1)[end]();
    const endedAt = await lab.traffic.accepted();
    await lab.traffic.passed(endedAt + 50_000n);
    await lab.node(1).start();
    const startedAt = await lab.traffic.accepted();
    await lab.traffic.passed(startedAt + 100_000n);

    lab.traffic.restAll();
    const accepted = await lab.traffic.settled();
    expect(await lost()).toBe(0);
    expect(await lab.client(1).shakenHands()).toBe(session);
    await sale.billedExactly(accepted);
  },
);

test('the volume stops also while the agent is dead, and the bill is exact after its return', async () => {
  const volume = 6_000_000n;
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 1_500_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(1_000_000n);

  await lab.node(1).kill();
  expect(await lab.traffic.settled(1500)).toBeLessThanOrEqual(volume);

  await lab.node(1).start();
  const accepted = await lab.traffic.usedUp(volume);
  expect(accepted).toBeLessThanOrEqual(volume);
  expect(volume - accepted).toBeLessThan(volume / 100n);
  await sale.billedExactly(accepted);
});
