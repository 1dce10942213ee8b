import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import { useUpTogether } from '../lab/shared-volume.ts';
import { openShop } from '../lab/shop.ts';
import { goesOn } from '../lab/turn.ts';

test('three nodes share a volume to the byte, one of them cut off at 95 %; a top-up flows on all', async () => {
  const volume = 15_000_000n;
  const topUp = 3_000_000n;
  await using lab = await labForTest({ nodes: 3, clients: 3 });
  await openShop(lab);
  const { sale, whileAway, accepted } = await useUpTogether(lab, volume);
  expect(whileAway).toBeLessThanOrEqual(volume);
  expect(accepted).toBeLessThanOrEqual(volume);
  expect(volume - accepted).toBeLessThan(volume / 100n);
  await sale.billedExactly(accepted);

  await sale.topUp(topUp, 'payment-2');
  await goesOn(lab, [1, 2, 3], 0n);
  lab.traffic.sendAll();
  const all = await lab.traffic.usedUp(volume + topUp, { quietMs: 1_000 });
  expect(all).toBeLessThanOrEqual(volume + topUp);
  await sale.billedExactly(all);
});
