import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callApi } from '../lab/api.ts';
import { eventually } from '../lab/eventually.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { expectMistake } from './mistake.ts';

const volume = 12_000_000n;

/** One customer who sends, 1 MB of whose volume has passed. */
async function oneWhoSends(lab: Lab): Promise<Sale> {
  await openShop(lab);
  const sale = await Sale.make(lab, volume, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 1_000_000);
  lab.traffic.sendAll();
  await lab.traffic.passed(1_000_000n);
  return sale;
}

test('an agent whose journal is gone does not go on as if nothing had been used', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await oneWhoSends(lab);
  await lab.node(1).stop();
  const state = lab.node(1).host.file('state');
  for (const name of await readdir(state)) if (name.startsWith('journal')) await rm(join(state, name));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    expectMistake(
      await lab.node(1).agentInVain(['run']),
      /journal\.db is gone.*what it has used is not known.*node token.*--force-new/,
    );
    expect((await readdir(state)).filter((name) => name.startsWith('journal'))).toEqual([]);
  }
  expect(await lab.traffic.settled(1_500)).toBeLessThanOrEqual(volume);
  // What it left can be taken away before it joins anew.
  expect(await lab.node(1).agent('down')).toContain('the journal is gone');
  expect(await lab.node(1).host.run(['nft', 'list', 'tables'])).not.toContain('turnpike');
});

test('a node that went back to an earlier state is quarantined as it connects, and closed', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await oneWhoSends(lab);
  const node = lab.node(1);
  const state = node.host.file('state');
  await node.stop();
  const earlier = node.host.file('earlier');
  await node.host.run(['cp', '--archive', state, earlier]);
  await node.start();
  await lab.traffic.passed(5_000_000n);
  await node.stop();
  await rm(state, { recursive: true });
  await node.host.run(['mv', earlier, state]);
  await node.start();
  await isQuarantined(lab);
  expect(await lab.traffic.settled(1_500)).toBeLessThanOrEqual(volume);
});

test('a node that went back to where it had just joined is quarantined before it passes anything', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  await oneWhoSends(lab);
  const node = lab.node(1);
  await lab.traffic.passed(5_000_000n);
  await node.stop();
  const state = node.host.file('state');
  for (const name of await readdir(state)) if (name.startsWith('journal')) await rm(join(state, name));
  const identity = join(state, 'identity.json');
  const { journalBegun: _, ...joined } = JSON.parse(await readFile(identity, 'utf8'));
  await writeFile(identity, JSON.stringify(joined));
  await node.start();
  await isQuarantined(lab);
  expect(await lab.traffic.settled(1_500)).toBeLessThanOrEqual(volume);
});

async function isQuarantined(lab: Lab): Promise<void> {
  const shown = async () => (await callApi(lab.controller.socket, 'GET', '/v1/nodes/node1')).body;
  const isOver = async () => shown().then((one) => (one as { state: string }).state === 'quarantined');
  await eventually('the node is quarantined', isOver, { within: 30_000, every: 100 });
}
