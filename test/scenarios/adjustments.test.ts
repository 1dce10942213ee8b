import { expect, test } from 'vitest';
import { labForTest } from '../lab/in-vitest.ts';
import { openShop } from '../lab/shop.ts';
import { Customer, describeOrder, planOrders } from './orders.ts';

// Many more of them, from any seed: npm run bench -- orders
const seed = 4711;
const customers = 4;
/** Within a second on a quiet machine, as that command says; several programs share this one. */
const allowedMs = 5_000;

test('in any order of adjustments under traffic the books are exact, access is right, and who may pass does soon', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 * customers });
  await openShop(lab);
  const orders = planOrders(seed, 2 * customers);
  const backMs = await Promise.all(
    Array.from({ length: customers }, async (_, n) => {
      const customer = await Customer.make(lab, n + 1);
      const times: number[] = [];
      for (const order of [orders[2 * n], orders[2 * n + 1]]) {
        if (order === undefined) continue;
        const played = await customer.play(order).catch((error: unknown) => {
          throw new Error(`seed ${seed}: ${describeOrder(order)}`, { cause: error });
        });
        if (played.backMs !== undefined) times.push(played.backMs);
      }
      return times;
    }),
  );
  expect(backMs.flat().length).toBeGreaterThan(0);
  expect(Math.max(...backMs.flat())).toBeLessThan(allowedMs);
});
