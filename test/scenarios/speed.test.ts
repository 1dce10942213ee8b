import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { openShop, Sale } from '../lab/shop.ts';

/** What is over the speed is many times what arrives; a busy machine also loses a datagram or two behind the gate. */
async function billedAsArrived(sale: Sale, arrived: bigint): Promise<void> {
  await sale.billedBetween(arrived, arrived + arrived / 100n, 30_000);
}

test('what is over the speed of a tariff is not billed, and the volume is for what arrives', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await openShop(lab);
  const terms = ['--download', '2Mbit', '--upload', '1Mbit'];
  const sale = await Sale.make(lab, 100_000_000n, 1, terms);
  await sale.connect(1, 1);
  // Much faster than that, both ways.
  await lab.traffic.openAll(1, 1, 5_000_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(3_000_000n);
  lab.traffic.restAll();
  const accepted = await lab.traffic.settled(1000);
  const readings = await lab.traffic.readings();
  for (const { sentDatagrams, receivedDatagrams } of readings) {
    expect(receivedDatagrams).toBeGreaterThan(0);
    expect(receivedDatagrams).toBeLessThan(sentDatagrams);
  }
  await billedAsArrived(sale, accepted);
});

test('devices that share a speed get something like the same, and another customer is not slowed down', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 3 });
  await openShop(lab);
  const terms = ['--upload', '2Mbit', '--speed-scope', 'subscription'];
  const sale = await Sale.make(lab, 500_000_000n, 2, terms);
  await sale.connect(1, 1);
  await sale.connect(2, 1);
  const other = await Sale.make(lab, 500_000_000n, 1, [], 'fast');
  await other.connect(3, 1, other.device(1));

  const up = (client: number, bitsPerSecond: number) =>
    lab.traffic.open({ client, node: 1, family: 4, direction: 'up', bitsPerSecond });
  const flows = [await up(1, 9_000_000), await up(2, 3_000_000), await up(3, 1_000_000)];
  for (const flow of flows) flow.send();

  const arrived = async () => Promise.all(flows.map(async (flow) => Number((await lab.traffic.of(flow)).up)));
  // What came before they shared it out is soon forgotten: the last megabyte or so counts.
  let before = await arrived();
  await eventually(
    'the last million bytes were shared in halves',
    async () => {
      const now = await arrived();
      const [first = 0, second = 0] = now.map((bytes, index) => bytes - (before[index] ?? 0));
      if (first + second < 1_000_000) return false;
      before = now;
      return Math.min(first, second) > 0.35 * (first + second);
    },
    { within: 60_000, every: 200 },
  );

  for (const flow of flows) flow.rest();
  await lab.traffic.settled(1000);
  const accepted = await lab.traffic.accepted(({ client }) => client < 3);
  await billedAsArrived(sale, accepted);
  const [, , free] = await lab.traffic.readings();
  // A busy machine loses some, before they come to the node.
  expect(Number(free?.receivedDatagrams)).toBeGreaterThan(0.8 * Number(free?.sentDatagrams));
});
