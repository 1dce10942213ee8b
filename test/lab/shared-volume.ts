import type { Lab } from './lab.ts';
import { inContact, Sale } from './shop.ts';

export interface UsedUp {
  readonly sale: Sale;
  /** What had passed when the node that was cut off had nothing left, and the others waited for it; bytes. */
  readonly whileAway: bigint;
  /** What passed of the volume in all; bytes. */
  readonly accepted: bigint;
}

/**
 * One customer sends on three nodes until nothing passes any more. When 95 % of the volume has passed, node 3 is cut off from the
 * controller, and comes back once nothing passes. The senders go on.
 */
export async function useUpTogether(lab: Lab, volume: bigint): Promise<UsedUp> {
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
  const whileAway = await lab.traffic.settled(1_500);
  await lab.node(3).reconnect();
  await inContact(lab, 'node3');
  return { sale, whileAway, accepted: await lab.traffic.usedUp(volume, { quietMs: 1_000 }) };
}
