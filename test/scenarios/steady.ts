import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';

/** Bits per second and flow: so few that no queue on the way overflows on a busy machine. */
const unhurried = 200_000;

export interface Steady {
  readonly sale: Sale;
  /** Datagrams that were lost since then; ask when the traffic has settled. */
  lost(): Promise<number>;
}

/**
 * One client on node 1 with all flows running, beyond its idle allowance and within a grant: from here on, no packet has
 * a reason to be lost.
 */
export async function steadyTraffic(lab: Lab): Promise<Steady> {
  await openShop(lab);
  const sale = await Sale.make(lab, 100_000_000n, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, unhurried);
  lab.traffic.sendAll();
  await lab.traffic.passed(400_000n);
  lab.traffic.restAll();
  await lab.traffic.settled();
  const before = await lab.traffic.lost();
  lab.traffic.sendAll();
  return { sale, lost: async () => (await lab.traffic.lost()) - before };
}
