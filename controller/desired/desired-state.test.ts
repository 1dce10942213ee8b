import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, TestNode } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const open = 1;
const withdrawn = 3;

describe('the desired state', () => {
  it('has all that a new node should hold, and the digest over it', async () => {
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const node = await rig.node('a', { connected: false });
    const digest = await node.sync();
    expect([...node.devices.keys()]).toEqual([device]);
    const { publicKey, address4, address6 } = await rig.books.catalogue.getDevice(device);
    expect(node.devices.get(device)).toMatchObject({
      subscriptionId: subscription,
      address4,
      address6,
      access: open,
    });
    expect(Buffer.from(node.devices.get(device)?.publicKey ?? []).toString('base64')).toBe(publicKey);
    expect(node.devices.get(device)?.presharedKey).toHaveLength(32);
    expect(node.digest()).toEqual(digest);
  });

  it('comes as what changed only, and a node that held on to it agrees with the digest', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const devices = [
      await rig.device(subscription),
      await rig.device(subscription),
      await rig.device(subscription),
    ];
    await node.sync();
    const { deltas } = await rig.books.desired.since(node.identity, node.revision);
    expect(deltas).toEqual([]);
    await rig.books.catalogue.removeDevice(devices[0] as string);
    await rig.books.catalogue.rekeyDevice(devices[1] as string, {});
    const change = await rig.books.desired.since(node.identity, node.revision);
    expect(change.deltas.flatMap((delta) => delta.removedDeviceIds)).toEqual([devices[0]]);
    expect(change.deltas.flatMap((delta) => delta.devices.map(({ id }) => id))).toEqual([devices[1]]);
    expect(await node.sync()).toEqual(node.digest());
  });

  it('gives the same digest again while nothing of it changes', async () => {
    const node = await rig.node('a');
    await rig.device(await rig.subscription());
    await node.sync();
    await rig.books.catalogue.addGroup({ name: 'far' });
    await rig.device(await rig.subscription({ group: 'far' }));
    expect(await node.sync()).toEqual(node.digest());
    await rig.device(await rig.subscription());
    expect(await node.sync()).toEqual(node.digest());
    expect(node.devices.size).toBe(2);
  });

  it('names a removed device until every node has heard of it, also to one that asks for everything', async () => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    await node.sync();
    await node.disconnect();
    await rig.books.catalogue.removeDevice(device);
    await node.sync(0n);
    expect(node.devices.size).toBe(0);
  });

  it('does not name to a new incarnation what was removed before it', async () => {
    await rig.node('a');
    await rig.books.catalogue.removeDevice(await rig.device(await rig.subscription()));
    const anew = await TestNode.enrol(rig.books, 'a');
    const { deltas } = await rig.books.desired.since(anew.identity, 0n);
    expect(deltas.flatMap((delta) => delta.removedDeviceIds)).toEqual([]);
  });

  it('withdraws the devices of a suspended subscription, and opens them again', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(withdrawn);
    await rig.books.catalogue.resume(subscription);
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(open);
  });

  it('opens what is suspended in observe, live, but never what is removed', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const removed = await rig.device(subscription);
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    await rig.books.catalogue.removeDevice(removed);
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    expect(await node.sync()).toEqual(node.digest());
    expect(node.devices.get(device)?.access).toBe(open);
    expect(node.devices.has(removed)).toBe(false);
    await rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(withdrawn);
  });

  it('takes the old devices from a node that is moved into another group, and gives it the new ones', async () => {
    await rig.books.catalogue.addGroup({ name: 'far' });
    const node = await rig.node('a');
    const near = await rig.subscription();
    const nearDevice = await rig.device(near);
    const farDevice = await rig.device(await rig.subscription({ group: 'far' }));
    await node.sync();
    expect([...node.devices.keys()]).toEqual([nearDevice]);
    await rig.books.catalogue.setNode('a', { group: 'far' });
    expect(await node.sync()).toEqual(node.digest());
    expect([...node.devices.keys()]).toEqual([farDevice]);
    expect(node.subscriptions.get(near)?.recall).toBe(1);
    // And what it passed before it was moved is still billed.
    await node.report({ [nearDevice]: [5n, 0n] });
    expect((await rig.books.catalogue.getUsage(near)).usedBytes).toBe(5n);
    await rig.books.catalogue.setNode('a', { group: 'default' });
    expect(await node.sync()).toEqual(node.digest());
    expect([...node.devices.keys()]).toEqual([nearDevice]);
  });

  it('comes as a whole to a node of an earlier term, whatever it has heard in that', async () => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    await node.sync();
    const heardSince = node.revision + 1000n;
    await rig.books.beginTerm();
    const { deltas, revision } = await rig.books.desired.since(node.identity, heardSince);
    expect(deltas.flatMap((delta) => delta.devices.map(({ id }) => id))).toEqual([device]);
    expect(revision).toBeGreaterThan(heardSince);
  });

  it('is refused to an incarnation that was followed by another one', async () => {
    const node = await rig.node('a');
    await TestNode.enrol(rig.books, 'a');
    await expect(node.sync()).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('wakes its listeners after each change, and not after a mere question', async () => {
    let woken = 0;
    const stop = rig.books.desired.onChange(() => {
      woken += 1;
    });
    const subscription = await rig.subscription();
    expect(woken).toBe(0);
    await rig.device(subscription);
    expect(woken).toBe(1);
    await rig.books.catalogue.getStatus();
    expect(woken).toBe(1);
    stop();
    await rig.device(subscription);
    expect(woken).toBe(1);
  });

  it('has the settings of the node', async () => {
    const node = await rig.node('a');
    await rig.books.catalogue.setGroup('default', { mtu: 1300 });
    expect(await rig.books.desired.settings(node.identity.nodeId)).toMatchObject({
      listenPort: 51820,
      range4: '10.64.0.0/16',
      range6: 'fd74:7572:6e70::/64',
      address4: '10.64.0.1',
      address6: 'fd74:7572:6e70::1',
      mtu: 1300,
      validitySeconds: 86_400,
    });
  });
});
