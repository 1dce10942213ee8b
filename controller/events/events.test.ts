import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const list = (filter = {}) => rig.books.catalogue.listEvents(filter);
const types = async () => (await list()).map(({ type }) => type);

/** One look of the events' task. */
async function look() {
  const stop = new AbortController();
  const task = rig.books.tasks.find(({ name }) => name === 'events');
  const looked = task?.run(stop.signal, () => {});
  stop.abort();
  await looked;
}

describe('a node', () => {
  it('is told to be online at its first contact, and offline after 30 s without any', async () => {
    const node = await rig.node('a', { connected: false });
    rig.clock.pass(60_000);
    await look();
    expect(await list()).toEqual([]);
    await node.hello();
    const { nodeId } = node.identity;
    expect(await list()).toMatchObject([{ type: 'node.online', nodeId, data: { name: 'a' } }]);
    rig.clock.pass(3600_000);
    await look();
    await node.disconnect();
    rig.clock.pass(29_999);
    await look();
    expect(await types()).toEqual(['node.online']);
    rig.clock.pass(1);
    await look();
    await look();
    expect(await types()).toEqual(['node.online', 'node.offline']);
    await node.hello();
    expect(await types()).toEqual(['node.online', 'node.offline', 'node.online']);
  });

  it('that is back at once, or was removed, is no event', async () => {
    const node = await rig.node('a');
    await node.disconnect();
    rig.clock.pass(20_000);
    await look();
    await node.hello();
    rig.clock.pass(20_000);
    await look();
    await rig.books.catalogue.removeNode('a');
    await node.disconnect();
    rig.clock.pass(60_000);
    await look();
    expect(await types()).toEqual(['node.online']);
  });
});

describe('a node with another WireGuard key', () => {
  it('is told once for each, and shown with the time', async () => {
    const node = await rig.node('a');
    const keyChangedAt = async () => (await rig.books.catalogue.listNodes())[0]?.keyChangedAt;
    await node.hello();
    expect([await types(), await keyChangedAt()]).toEqual([['node.online'], null]);
    rig.clock.pass(1000);
    const at = rig.clock.now();
    node.key = randomBytes(32);
    await node.hello();
    rig.clock.pass(1000);
    await node.hello();
    const { nodeId } = node.identity;
    expect((await list()).slice(1)).toMatchObject([
      { type: 'node.rekeyed', at, nodeId, data: { name: 'a' } },
    ]);
    expect(await keyChangedAt()).toBe(at);
  });
});

describe('events', () => {
  it('come page by page, of one type or one subscription', async () => {
    const subscriptions: string[] = [];
    for (const _ of [1, 2, 3]) {
      const id = await rig.subscription({ maxDevices: 1 });
      subscriptions.push(id);
      await rig.device(id);
      await rig.device(id).catch(() => {});
    }
    await rig.node('a');
    const first = await list({ limit: 2 });
    expect(first.map(({ subscriptionId }) => subscriptionId)).toEqual(subscriptions.slice(0, 2));
    const rest = await list({ after: first[1]?.id });
    expect(rest.map(({ type }) => type)).toEqual(['device.limit', 'node.online']);
    expect(await list({ after: rest[1]?.id })).toEqual([]);
    expect(await list({ type: 'node.online' })).toEqual([rest[1]]);
    expect(await list({ subscription: subscriptions[2] })).toEqual([rest[0]]);
    await expect(list({ after: 'sub_1' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(list({ subscription: 'sub_0000000000000000' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('are forgotten after 30 days, and a cursor of a forgotten one still holds', async () => {
    await rig.node('a');
    const [old] = await list();
    rig.clock.pass(30 * 24 * 3600_000 + 1);
    await rig.node('b');
    await look();
    expect(await list()).toMatchObject([{ data: { name: 'b' } }]);
    expect(await list({ after: old?.id })).toMatchObject([{ data: { name: 'b' } }]);
  });
});
