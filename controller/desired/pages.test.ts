import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';
import { type Change, Upheaval } from '../../test/unit/books/upheaval.ts';
import type { CatchupPlace } from '../south/ports.ts';

// As for a fleet of thousands of devices.
vi.mock(import('./pages.ts'), async (original) => ({ ...(await original()), itemsOfPage: 2 }));

it('no answer holds more than a page, and all of them together hold everything once', async () => {
  const rig = await openRig();
  const devices: string[] = [];
  for (let n = 0; n < 3; n += 1) {
    const subscription = await rig.subscription();
    devices.push(await rig.device(subscription), await rig.device(subscription));
  }
  const node = await rig.node('a', { connected: false });
  const told: string[] = [];
  let from: CatchupPlace | undefined;
  do {
    const part = await rig.books.desired.since(node.identity, 0n, { from });
    const ids = part.deltas.flatMap((one) => [...one.subscriptions, ...one.devices].map(({ id }) => id));
    expect(ids.length).toBeLessThanOrEqual(2);
    told.push(...ids);
    from = part.next;
  } while (from !== undefined);
  expect(told).toHaveLength(new Set(told).size);
  expect(told.filter((id) => id.startsWith('dev_')).sort()).toEqual(devices.sort());
  expect(told.filter((id) => id.startsWith('sub_'))).toHaveLength(3);
  await rig.books.close();
});

it('what changes between two pages is told after them, and nothing is left out', async () => {
  const change = fc.constantFrom<Change[]>(
    'add',
    'remove',
    'rekey',
    'suspend',
    'resume',
    'sell',
    'erase',
    'move',
    'all',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const rig = await openRig();
      try {
        const node = await rig.node('a');
        const upheaval = await Upheaval.prepare(rig, 2);
        const made = upheaval.make(changes);
        await node.sync();
        for (const { subscriptionId } of node.devices.values()) {
          expect([...node.subscriptions.keys()]).toContain(subscriptionId);
        }
        await made;
        // The answer that goes into one page has the digest.
        let digest = new Uint8Array();
        for (let rounds = 0; digest.length === 0 && rounds < 10; rounds += 1) {
          digest = Uint8Array.from(await node.sync());
        }
        expect(digest).toEqual(Uint8Array.from(node.digest()));
      } finally {
        await rig.books.close();
      }
    }),
    { numRuns: 25 },
  );
});
