import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';
import { type Change, Upheaval } from '../../test/unit/books/upheaval.ts';

/** What comes between two pieces. */
const between = vi.hoisted(() => ({ call: async (): Promise<void> => undefined }));
vi.mock(import('../books/let-others-in.ts'), () => ({ letOthersIn: () => between.call() }));
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

it('a digest that is read piece by piece is right, whatever changes between two pieces', async () => {
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
  // Of 50 pieces; those that are read again come after them.
  const changes = fc.array(fc.record({ piece: fc.nat(120), change }), { minLength: 20, maxLength: 60 });
  let told = 0;
  await fc.assert(
    fc.asyncProperty(changes, async (made) => {
      const rig = await openRig();
      try {
        const node = await rig.node('a');
        const upheaval = await Upheaval.prepare(rig, 4);
        await node.sync();
        await rig.device(upheaval.subscriptions[0] as string);
        let piece = 0;
        between.call = () => {
          piece += 1;
          return upheaval.make(made.flatMap((one) => (one.piece === piece ? [one.change] : [])));
        };
        const digest = await node.sync();
        between.call = async () => undefined;
        if (digest?.length) told += 1;
        expect([node.digest(), new Uint8Array()]).toContainEqual(digest);
        expect(await node.sync()).toEqual(node.digest());
      } finally {
        await rig.books.close();
      }
    }),
    { numRuns: 25 },
  );
  expect(told).toBeGreaterThan(0);
});
