import { expect, test } from 'vitest';
import { lastArrivals, passIntoExpiry } from '../lab/expiry.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { openShop } from '../lab/shop.ts';
import { passThroughTurn } from '../lab/turn.ts';

test('through the turn of a period each byte is in one bill, also of a node that is cut off; at the expiry nothing passes', async () => {
  await using lab = await labForTest({ nodes: 3, clients: 3 });
  await openShop(lab);
  const { sale, watch } = await passThroughTurn(lab);
  await sale.billedInTwoPeriods(await lab.traffic.settled());
  // A reading follows the turn at once; the rest is room for a busy machine.
  for (const { ms } of watch.uncertainties(await sale.usage(1))) expect(Math.abs(ms)).toBeLessThan(3_000);

  for (const late of await passIntoExpiry(lab, sale)) {
    expect(late).toBeLessThan(1_000);
    // Nor too early: the kernel tells an end in whole seconds.
    expect(late).toBeGreaterThan(-2_000);
  }
  // The one that was dead comes back to another wall clock, and lets nothing pass either.
  const last = await lastArrivals(lab);
  await lab.node(3).stepWallClock(-3_600_000);
  await lab.node(3).start();
  await lab.traffic.settled(1_000);
  expect(await lastArrivals(lab)).toEqual(last);
  await lab.controller.start();
  await sale.billedInTwoPeriods(await lab.traffic.settled());
});
