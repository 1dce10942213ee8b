import { expect, it } from 'vitest';
import { demandLimit } from '../../common/listener-limits.ts';
import { Demands } from './demands.ts';

const node = { nodeId: 'nod_a', nodeName: 'a', incarnation: 1 };

it('a node may ask for everything some times at once, and is then made to wait', () => {
  const demands = new Demands();
  let hellos = 0;
  while (demands.hello(node, 0) === 0) hellos += 1;
  expect(hellos).toBe(demandLimit.burst / 10);
  // What it has asked for and did not wait for comes on top.
  expect(demands.hello(node, 0)).toBeGreaterThan(0);
  expect(demands.part(node, 3_600_000)).toBe(0);
});

it('no other node waits for it, nor does the node once it has enrolled anew', () => {
  const demands = new Demands();
  for (let n = 0; n < demandLimit.burst; n += 1) demands.hello(node, 0);
  expect(demands.hello({ ...node, nodeId: 'nod_b' }, 0)).toBe(0);
  expect(demands.hello({ ...node, incarnation: 2 }, 0)).toBe(0);
});
