import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';
import { type Change, Upheaval } from '../../test/unit/books/upheaval.ts';
import { letOthersIn } from '../books/let-others-in.ts';

// As for a fleet of a hundred thousand devices.
vi.mock(import('./digest.ts'), async (original) => ({ ...(await original()), countSlices: async () => 50 }));

it('who asks for everything is told it without waiting for the digest, which comes with the next question', async () => {
  const rig = await openRig();
  await rig.device(await rig.subscription());
  const node = await rig.node('a', { connected: false });
  expect(await node.sync()).toHaveLength(0);
  expect(node.devices.size).toBe(1);
  expect(await node.sync()).toEqual(node.digest());
  await rig.books.close();
});

it('a digest that is read piece by piece is right, whatever changes meanwhile', async () => {
  const change = fc.constantFrom<Change[]>(
    'add',
    'remove',
    'rekey',
    'suspend',
    'resume',
    'sell',
    'erase',
    'move',
    'other node',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const rig = await openRig();
      try {
        const node = await rig.node('a');
        const upheaval = await Upheaval.prepare(rig, 1);
        await node.sync();
        await rig.device(upheaval.subscriptions[0] as string);
        // Again and again, as the slices in which something changed are read again.
        const told = new AbortController();
        const made = (async () => {
          while (!told.signal.aborted) {
            await upheaval.make(changes);
            await letOthersIn();
          }
        })();
        const digest = await node.sync().finally(() => told.abort());
        await made;
        expect([node.digest(), new Uint8Array()]).toContainEqual(digest);
        expect(await node.sync()).toEqual(node.digest());
      } finally {
        await rig.books.close();
      }
    }),
    { numRuns: 10 },
  );
});
