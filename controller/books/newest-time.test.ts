import { afterEach, beforeEach, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const audited = () => {
  const actor = { id: 'socket', uid: 0 };
  return rig.books.audit.done({ actor, method: 'GET', route: '/v1/status', named: {} }, 200, []);
};

it.each([
  ['an entry in the audit log', audited],
  ['an event', async () => void (await rig.node('a'))],
])('what a clock that was ahead has left is known by %s, once it was set back', async (_what, happen) => {
  expect(await rig.books.newestAt()).toBeNull();
  rig.clock.pass(40 * dayMs);
  await happen();
  const ahead = rig.clock.now();
  rig.clock.pass(-40 * dayMs);
  await audited();
  expect(await rig.books.newestAt()).toBe(ahead);
});
