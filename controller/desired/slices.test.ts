import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { openRig } from '../../test/unit/books/rig.ts';

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
  const change = fc.constantFrom(
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
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
      const rig = await openRig();
      try {
        const { catalogue, privacy } = rig.books;
        await catalogue.addGroup({ name: 'far' });
        await catalogue.addTariff({ name: 'far', group: 'far', volumeBytes: 1_000_000n });
        const node = await rig.node('a');
        const subscriptions = [await rig.subscription(), await rig.subscription(), await rig.subscription()];
        const devices: string[] = [];
        for (const subscription of subscriptions) devices.push(await rig.device(subscription));
        await node.sync();
        await rig.device(subscriptions[0] as string);
        let turn = 0;
        const make = async (kind: (typeof changes)[number]) => {
          turn += 1;
          const subscription = subscriptions[turn % subscriptions.length] as string;
          const device = devices[turn % devices.length] as string;
          switch (kind) {
            case 'add':
              return rig.device(subscription);
            case 'remove':
              return catalogue.removeDevice(device);
            case 'rekey':
              return catalogue.rekeyDevice(device, {});
            case 'suspend':
              return catalogue.suspend(subscription, { reason: 'late' });
            case 'resume':
              return catalogue.resume(subscription);
            case 'sell':
              return rig.device(await rig.subscription());
            case 'erase':
              return privacy.erase((await catalogue.getSubscription(subscription)).accountId);
            case 'move':
              return catalogue.changeTariff(subscription, { tariff: 'far' });
            case 'other node':
              return rig.node(`b${turn}`);
          }
        };
        const made = Promise.allSettled(changes.map(make));
        const digest = await node.sync();
        expect(digest).toEqual(node.digest());
        await made;
        expect(await node.sync()).toEqual(node.digest());
      } finally {
        await rig.books.close();
      }
    }),
    { numRuns: 25 },
  );
});
