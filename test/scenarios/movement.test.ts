import { expect, test } from 'vitest';
import { eventually } from '../lab/eventually.ts';
import { makeNodeByHand } from '../lab/hand-made-node.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { copyTunnel, roam, ServerList } from '../lab/movement.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { underlayAddress } from '../lab/topology.ts';

/** From where the one device of a hand-made node was heard last. */
async function endpoint(lab: Lab): Promise<string> {
  const node = lab.node(1);
  const text = await node.host.run(['wg', 'show', node.interface, 'endpoints']);
  return text.trim().split('\t')[1]?.split(':')[0] ?? '';
}

async function heardAt(lab: Lab, address: string): Promise<void> {
  await eventually(`the node hears from ${address}`, async () => (await endpoint(lab)) === address, {
    within: 10_000,
  });
}

test('a client roams between two underlay addresses and keeps its tunnel', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 1 });
  const [configuration] = await makeNodeByHand(lab.node(1).host, 1, 1);
  const client = lab.client(1);
  await client.connect(configuration?.wgQuickText ?? '');
  await lab.traffic.openAll(1, 1, 200_000);
  lab.traffic.sendAll();
  await heardAt(lab, underlayAddress(1, 'home'));
  const handshake = await client.shakenHands();

  for (let trip = 0; trip < 4; trip++) {
    for (const place of ['away', 'home'] as const) {
      await roam(client, place);
      await heardAt(lab, underlayAddress(1, place));
      const before = await lab.traffic.accepted((plan) => plan.direction === 'down');
      const more = async () => (await lab.traffic.accepted((plan) => plan.direction === 'down')) > before;
      await eventually('downloads follow', more, { within: 10_000 });
    }
  }
  expect(await client.shakenHands()).toBe(handshake);
});

test('two clients hold one key, and the node hears now one, now the other', async () => {
  await using lab = await labForTest({ nodes: 1, clients: 2 });
  const [configuration] = await makeNodeByHand(lab.node(1).host, 1, 1);
  await lab.client(1).connect(configuration?.wgQuickText ?? '');
  await copyTunnel(lab.client(1), lab.client(2));
  const flows = await Promise.all(
    [1, 2].map((client) =>
      lab.traffic.open({ client, node: 1, family: 4, direction: 'up', bitsPerSecond: 100_000 }),
    ),
  );
  for (const flow of flows) flow.send();
  const places = [underlayAddress(1, 'home'), underlayAddress(2, 'home')];
  for (const place of [...places, ...places]) await heardAt(lab, place);
  for (const flow of flows) expect((await lab.traffic.of(flow)).up).toBeGreaterThan(0n);
});

test('a client switches servers, and its traffic goes over the one that was chosen', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 1 });
  await openShop(lab);
  const sale = await Sale.make(lab, 50_000_000n, 1);
  const servers = await ServerList.of(sale, lab.client(1), [1, 2]);
  await servers.choose(1);
  const flow = await lab.traffic.open({
    client: 1,
    node: 1,
    family: 4,
    direction: 'up',
    bitsPerSecond: 200_000,
  });
  flow.send();
  for (const node of [1, 2, 1, 2]) {
    await servers.choose(node);
    const before = await lab.internet.arrivedFrom(node);
    const more = async () => (await lab.internet.arrivedFrom(node)) > before + 5_000n;
    await eventually(`traffic goes over node ${node}`, more, { within: 15_000, every: 100 });
  }
});
