import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, openRig, type Rig } from '../../test/unit/books/rig.ts';
import { openStore } from '../store/store.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;

describe('a subscription', () => {
  it('is found by its account, wherever one is asked for', async () => {
    const id = await rig.subscription();
    const [account] = await catalogue().listAccounts();
    for (const name of ['customer 1', account?.id ?? '']) {
      expect((await catalogue().getSubscription(name)).id).toBe(id);
      expect((await catalogue().getUsage(name)).subscriptionId).toBe(id);
      expect(await catalogue().explain(name)).toMatchObject({ id, kind: 'subscription' });
      rig.clock.pass(1);
      const { device } = await catalogue().addDevice({ subscription: name });
      expect((await catalogue().listDevices({ subscription: name })).at(-1)?.id).toBe(device.id);
      await catalogue().topUp(name, { bytes: gib, reason: 'paid', reference: name });
      expect((await catalogue().suspend(name, { reason: 'unpaid' })).id).toBe(id);
      expect((await catalogue().resume(name)).id).toBe(id);
      expect(await catalogue().listEvents({ subscription: name })).toEqual([]);
    }
  });

  it('is named by its id where the account has several, and none is guessed', async () => {
    const id = await rig.subscription();
    const other = await catalogue().createSubscription({ account: 'customer 1', tariff: 'tariff-1' });
    const error = { code: 'conflict', message: expect.stringContaining('2 subscriptions') };
    await expect(catalogue().getUsage('customer 1')).rejects.toMatchObject({
      ...error,
      remedy: expect.stringMatching(new RegExp(`${id}.*${other.id}|${other.id}.*${id}`)),
    });
    await expect(catalogue().addDevice({ subscription: 'customer 1' })).rejects.toMatchObject(error);
  });

  it('that was cancelled does not stand in the way of another one', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'turnpike-names-')), 'turnpike.db');
    await rig.books.close();
    rig = await openRig({ path });
    const old = await rig.subscription();
    const { id } = await catalogue().createSubscription({ account: 'customer 1', tariff: 'tariff-1' });
    await rig.books.close();
    const store = await openStore(path);
    await store.transaction(({ db }) =>
      db.updateTable('subscriptions').set({ cancelled_at: 1 }).where('id', '=', old).execute(),
    );
    await store.close();
    rig = await openRig({ path });
    expect((await catalogue().getSubscription('customer 1')).id).toBe(id);
    const { subscriptions } = await catalogue().suspendAccount('customer 1', { reason: 'unpaid' });
    const suspended = subscriptions.filter(({ access }) =>
      access.reasons.some(({ code }) => code === 'account-suspension'),
    );
    expect(suspended.map((one) => one.id)).toEqual([id]);
    await rm(dirname(path), { recursive: true });
  });

  it('that is not there is told from an account that has none', async () => {
    await catalogue().addAccount({ reference: 'new' });
    await expect(catalogue().explain('new')).rejects.toMatchObject({
      code: 'not_found',
      remedy: expect.stringContaining('subscription create --account "new"'),
    });
    await expect(catalogue().explain('nobody')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"nobody"'),
    });
  });
});

describe('a node', () => {
  it('gets another name, endpoint and group; nodes listen where their endpoint says', async () => {
    await catalogue().addGroup({ name: 'far' });
    const node = await rig.node('a');
    const before = (await catalogue().getStatus()).revision;
    const set = await catalogue().setNode('a', { name: 'b', endpoint: 'b.example.net:443', group: 'far' });
    expect(set).toMatchObject({ name: 'b', endpoint: 'b.example.net:443', group: 'far' });
    expect((await catalogue().getStatus()).revision).toBeGreaterThan(before);
    expect((await rig.books.desired.settings(node.identity.nodeId)).listenPort).toBe(443);
    await expect(catalogue().getNode('a')).rejects.toMatchObject({ code: 'not_found' });
    expect(await catalogue().setNode('b', {})).toEqual(set);
  });

  it('does not get what another has, or what is none', async () => {
    const node = await rig.node('a');
    await rig.node('b');
    await expect(catalogue().setNode('a', { name: 'b' })).rejects.toMatchObject({ code: 'conflict' });
    for (const input of [{ name: 'x y' }, { endpoint: 'a.example.net:0' }, { endpoint: 'nowhere' }]) {
      await expect(catalogue().setNode('a', input)).rejects.toMatchObject({ code: 'invalid' });
    }
    await expect(catalogue().setNode('a', { endpoint: 'c:1', group: 'none' })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await catalogue().getNode('a')).toMatchObject({
      id: node.identity.nodeId,
      endpoint: 'a.example.net:51820',
    });
  });
});

describe('a device', () => {
  it('gets another label and platform, or none; what is not given stays', async () => {
    const id = await rig.device(await rig.subscription());
    await catalogue().setDevice(id, { label: ' phone ', platform: 'ios' });
    expect(await catalogue().setDevice(id, { label: 'tablet' })).toMatchObject({
      label: 'tablet',
      platform: 'ios',
    });
    expect(await catalogue().setDevice(id, { platform: null })).toMatchObject({
      label: 'tablet',
      platform: null,
    });
    await expect(catalogue().setDevice(id, { label: 'a\nb' })).rejects.toMatchObject({ code: 'invalid' });
  });
});
