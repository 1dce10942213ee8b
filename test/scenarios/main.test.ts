import { expect, test } from 'vitest';
import { brokenPromises } from '../demo/figures.ts';
import { tellStory } from '../demo/story.ts';
import { labForTest } from '../lab/in-vitest.ts';
import { keptFiles } from '../lab/kept.ts';
import { addressNeedles, needlesIn } from '../lab/needles.ts';
import { underlayAddress } from '../lab/topology.ts';

test('a volume stops two nodes to the byte, is billed to the byte, and a top-up makes it flow again', async () => {
  await using lab = await labForTest({ nodes: 2, clients: 2 });
  const story = {
    volumeBytes: 15_000_000n,
    topUpBytes: 5_000_000n,
    bitsPerSecond: 1_500_000,
    quietMs: 1500,
    withinMs: 60_000,
  };
  const figures = await tellStory(lab, story, { say: () => undefined, live: () => undefined });
  expect(brokenPromises(figures, 1000)).toEqual([]);

  // Nothing of where clients are is kept; canary.long.test.ts looks for more, in more, and with faults.
  const underlays = lab.clients.map(({ number }) => underlayAddress(number, 'home'));
  const needles = underlays.flatMap((address) => addressNeedles(address, address));
  const leaks = keptFiles(lab).flatMap(([name, bytes]) =>
    needlesIn(bytes, needles).map((needle) => `${name}: ${needle}`),
  );
  expect(leaks).toEqual([]);

  // A second opinion: nft at the receiving ends saw the same bytes, and none of another kind.
  const arrived = await Promise.all([
    ...lab.nodes.map(({ number }) => lab.internet.arrivedFrom(number)),
    ...lab.clients.map((client) => client.arrivedBytes()),
  ]);
  expect(arrived.reduce((sum, bytes) => sum + bytes, 0n)).toBe(await lab.traffic.accepted());
});
