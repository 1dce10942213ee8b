import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { HelloSchema } from '../../common/gen/turnpike/v1/sync_pb.ts';
import { termBegins } from '../../common/term.ts';
import { mib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

describe('a database that was restored from a backup', () => {
  let rig: Rig;
  let near: TestNode;
  let far: TestNode;
  let subscription: string;
  beforeEach(async () => {
    rig = await openRig();
    near = await rig.node('near');
    far = await rig.node('far');
    subscription = await rig.subscription({ volumeBytes: 100n * mib });
    await rig.device(subscription);
    await near.sync();
    await rig.books.beginTerm();
    await near.sync();
  });
  const wanting = (term: number) => ({
    number: 1n,
    term,
    subscriptions: [
      { subscriptionId: subscription, period: 1, wanting: true, grantedBytes: near.granted(subscription) },
    ],
  });

  it('grants nothing until all nodes have told their totals, and then what they are known to have left', async () => {
    const before = near.granted(subscription);
    await near.send(wanting(1));
    expect(near.granted(subscription)).toBe(before);
    // What it was granted after the backup, and nobody here knows.
    await far.send({
      number: 1n,
      term: 1,
      subscriptions: [{ subscriptionId: subscription, period: 1, grantedBytes: 90n * mib }],
    });
    await near.send({ ...wanting(1), number: 2n });
    const granted = near.granted(subscription) - before;
    expect(granted).toBeGreaterThan(0n);
    expect(granted).toBeLessThanOrEqual(10n * mib);
  });

  it('waits for no node that is removed', async () => {
    const before = near.granted(subscription);
    await near.send(wanting(1));
    await rig.books.catalogue.removeNode('far');
    await near.send({ ...wanting(1), number: 2n });
    expect(near.granted(subscription)).toBeGreaterThan(before);
  });

  it('takes what was said to an earlier term for no answer', async () => {
    await far.send({ number: 1n, term: 1 });
    const before = near.granted(subscription);
    await near.send(wanting(0));
    expect(near.granted(subscription)).toBe(before);
  });

  it('says so when nobody noted it: a node that has heard more is refused', async () => {
    const hello = create(HelloSchema, { wireguardPublicKey: near.key, revision: termBegins(2) });
    await expect(rig.books.register.hello(near.identity, hello)).rejects.toMatchObject({
      code: 'environment',
      remedy: expect.stringContaining('--restored'),
    });
  });

  it('is no matter of a node that has heard what no restore explains', async () => {
    const hello = create(HelloSchema, { wireguardPublicKey: near.key, revision: termBegins(3) });
    await expect(rig.books.register.hello(near.identity, hello)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('takes nothing that is said to a term that has not begun', async () => {
    await expect(far.send({ number: 1n, term: 2 })).rejects.toMatchObject({ code: 'invalid' });
    await rig.books.beginTerm();
    const before = near.granted(subscription);
    await near.send(wanting(2));
    expect(near.granted(subscription)).toBe(before);
  });
});
