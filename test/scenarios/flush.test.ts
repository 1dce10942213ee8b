import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';

const volume = 12_000_000n;

async function underTraffic(lab: Lab): Promise<Sale> {
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 1_500_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(2_000_000n);
  return sale;
}

const flush = (lab: Lab) => lab.node(1).host.run(['nft', 'flush', 'ruleset']);

test('with the ruleset flushed and nobody to restore it, nothing passes either way', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await underTraffic(lab);
  await lab.node(1).kill();
  await flush(lab);
  const passed = async () => lab.traffic.accepted();
  const flushedAt = await passed();
  await lab.traffic.settled(1500);
  expect(await passed()).toBe(flushedAt);

  await lab.node(1).start();
  await eventually('it passes again', async () => (await passed()) > flushedAt, { within: 5000 });
});

test('after a flush service is back within two seconds, and the books never say more than passed or was sold', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const sale = await underTraffic(lab);
  await flush(lab);
  const before = await lab.traffic.readings();
  const allFlow = async () => {
    const now = await lab.traffic.readings();
    return now.every(
      ({ receivedDatagrams }, index) => receivedDatagrams > (before[index]?.receivedDatagrams ?? 0) + 20,
    );
  };
  await eventually('every flow flows again', allFlow, { within: 2000 });

  const accepted = await lab.traffic.settled(3000);
  expect(accepted).toBeLessThanOrEqual(volume);
  await eventually(
    'the bill and what was written off cover what passed',
    async () => {
      const { usedBytes, writtenOffBytes } = await sale.usage();
      const used = BigInt(usedBytes);
      return used <= accepted && used + BigInt(writtenOffBytes) >= accepted;
    },
    { within: 15_000, every: 200 },
  );
});

test('a saved ruleset that is loaded again and again never makes the bill say more than passed or was sold', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const sale = await underTraffic(lab);
  const { host } = lab.node(1);
  const file = host.file('saved.nft');
  const save = '(echo flush ruleset; nft list ruleset) > "$0"';
  await host.run(['sh', '-c', save, file]);
  for (let time = 0; time < 15; time += 1) await host.run(['nft', '-f', file]);
  lab.traffic.restAll();
  const accepted = await lab.traffic.settled(3000);
  await eventually(
    'the bill says no more than passed',
    async () => {
      const { usedBytes, writtenOffBytes } = await sale.usage();
      const used = BigInt(usedBytes);
      return used > 0n && used <= accepted && used + BigInt(writtenOffBytes) <= volume;
    },
    { within: 15_000, every: 200 },
  );
});
