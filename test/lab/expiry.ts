import { eventually } from './eventually.ts';
import type { Lab } from './lab.ts';
import type { Sale } from './shop.ts';
import { comingSecond, goesOn, machineTime, reached } from './turn.ts';

const hour = 3_600_000;

/**
 * A customer on three nodes expires under traffic, with the controller dead: one agent finds its wall clock an hour ahead,
 * one an hour behind, and one is dead. Returns how long after the expiry the last datagram of each node arrived, in
 * milliseconds.
 */
export async function passIntoExpiry(lab: Lab, sale: Sale): Promise<number[]> {
  const everywhere = [1, 2, 3];
  lab.traffic.sendAll();
  await goesOn(lab, everywhere);
  const expiresAt = comingSecond(20_000);
  const words = ['--expires', new Date(expiresAt).toISOString()];
  await lab.controller.cli.json('subscription', 'set', sale.subscription, ...words);
  await eventually('the kernels know of it', () => kernelsKnowOfAnEnd(lab), { within: 5_000 });
  await lab.controller.kill();
  await lab.node(1).stepWallClock(hour);
  await lab.node(2).stepWallClock(-hour);
  await lab.node(3).kill();
  await goesOn(lab, everywhere);
  await reached(expiresAt + 2_000);
  const ends = await lastArrivals(lab);
  return ends.map((at) => at - machineTime(expiresAt));
}

/** When the last datagram of each node arrived, on the machine's monotonic clock. */
export async function lastArrivals(lab: Lab): Promise<number[]> {
  const readings = await lab.traffic.readings();
  return lab.nodes.map(({ number }) =>
    Math.max(
      ...readings.filter(({ flow }) => flow.plan.node === number).map(({ lastReceivedAt }) => lastReceivedAt),
    ),
  );
}

/** Whether the kernel of each node holds an end of less than a minute for somebody. */
async function kernelsKnowOfAnEnd(lab: Lab): Promise<boolean> {
  const words = ['nft', 'list', 'table', 'inet', 'turnpike'];
  const tables = await Promise.all(lab.nodes.map(({ host }) => host.run(words)));
  return tables.every((table) => /\bexpires \d+s/.test(table));
}
