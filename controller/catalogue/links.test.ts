import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeviceAccess } from '../../common/gen/turnpike/v1/sync_pb.ts';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';

let rig: Rig;
/** Of customers 1 to 4, by their number. */
let subscriptions: string[];

beforeEach(async () => {
  rig = await openRig();
  subscriptions = [''];
  for (const _ of [1, 2, 3, 4]) {
    rig.clock.pass(1);
    subscriptions.push(await rig.subscription());
  }
});
afterEach(() => rig.books.close());

const catalogue = () => rig.books.catalogue;
const customer = (number: number) => `customer ${number}`;
const link = (one: number, two: number) => catalogue().linkAccounts(customer(one), customer(two));
const unlink = (one: number) => catalogue().unlinkAccount(customer(one));
/** Numbers that each is linked with. */
const sets = async () =>
  (await catalogue().listAccounts()).map(({ linked }) => linked.map((name) => Number(name.slice(-1))));
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

describe('linked accounts', () => {
  it('are a set: linking two sets unites them, from whichever side', async () => {
    await link(1, 2);
    await link(4, 3);
    expect(await sets()).toEqual([[2], [1], [4], [3]]);
    await link(3, 2);
    expect(await sets()).toEqual([
      [2, 3, 4],
      [1, 3, 4],
      [1, 2, 4],
      [1, 2, 3],
    ]);
    expect((await link(2, 4)).linked.length).toBe(3);
  });

  it('lose the one that is taken out, and none else', async () => {
    await link(1, 2);
    await link(2, 3);
    expect((await unlink(2)).linked).toEqual([]);
    expect(await sets()).toEqual([[3], [], [1], []]);
    await unlink(1);
    expect(await sets()).toEqual([[], [], [], []]);
    await expect(unlink(3)).rejects.toMatchObject({ code: 'conflict' });
    // What was once one set stays apart.
    await link(3, 4);
    expect(await sets()).toEqual([[], [], [4], [3]]);
  });

  it('are not linked with themselves or with nobody', async () => {
    await expect(link(1, 1)).rejects.toMatchObject({ code: 'invalid' });
    await expect(link(1, 9)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('stay as they are while what is held of one of them is kept and not used', async () => {
    await link(1, 2);
    await link(2, 3);
    await rig.books.privacy.restrict(customer(3), { reason: 'disputed', only: true });
    const before = await sets();
    const kept = { code: 'conflict', message: expect.stringContaining('not used') };
    for (const change of [() => link(1, 4), () => link(4, 1), () => unlink(1)]) {
      await expect(change()).rejects.toMatchObject(kept);
    }
    await expect(rig.books.privacy.erase(customer(1))).rejects.toMatchObject(kept);
    expect(await sets()).toEqual(before);
    await rig.books.privacy.erase(customer(1), { only: true });
    // Who names it means it, and those with it.
    await rig.books.privacy.erase(customer(3));
    expect((await catalogue().listAccounts()).map(({ reference }) => reference)).toEqual([customer(4)]);
  });

  it('are listed together, and one alone when asked for', async () => {
    await link(1, 3);
    const [, one, , three] = subscriptions;
    expect(ids((await catalogue().getAccount(customer(3))).subscriptions)).toEqual([one, three]);
    expect(ids((await catalogue().getAccount(customer(3), { only: true })).subscriptions)).toEqual([three]);
    expect(ids(await catalogue().listSubscriptions({ account: customer(1) }))).toEqual([one, three]);
    expect(ids(await catalogue().listSubscriptions({ account: customer(1), only: true }))).toEqual([one]);
  });

  it('are suspended and resumed together, and one alone when asked for', async () => {
    await link(1, 3);
    const reason = 'unpaid';
    const states = async () =>
      (await catalogue().listSubscriptions()).map(({ access }) => access.state === 'open');
    const devices = [await rig.device(subscriptions[1] ?? ''), await rig.device(subscriptions[3] ?? '')];
    await catalogue().suspendAccount(customer(3), { reason, only: true });
    expect(await states()).toEqual([true, true, false, true]);
    rig.clock.pass(1);
    const { subscriptions: shown } = await catalogue().suspendAccount(customer(3), { reason: 'fraud' });
    expect(shown.map(({ access }) => access.reasons[0]?.text)).toEqual([
      expect.stringContaining('fraud'),
      // It was suspended before, and keeps its reason.
      expect.stringContaining('unpaid'),
    ]);
    for (const id of devices) expect((await catalogue().getDevice(id)).access.state).toBe('closed');
    await expect(catalogue().suspendAccount(customer(1), { reason })).rejects.toMatchObject({
      code: 'conflict',
    });
    // Its own suspension is not ended along with another one's.
    await catalogue().resumeAccount(customer(1));
    expect(await states()).toEqual([true, true, false, true]);
    await expect(catalogue().resumeAccount(customer(1))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/not suspended; of those that it is linked with, 1 is/),
      remedy: 'turnpike account resume "customer 3"',
    });
    await catalogue().resumeAccount(customer(3));
    expect(await states()).toEqual([true, true, true, true]);
    await expect(catalogue().resumeAccount(customer(1))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/is not suspended$/),
    });
    await catalogue().suspendAccount(customer(1), { reason });
    await catalogue().resumeAccount(customer(3), { only: true });
    expect(await states()).toEqual([false, true, true, true]);
    rig.clock.pass(1);
    await catalogue().suspendAccount(customer(3), { reason });
    await catalogue().resumeAccount(customer(3));
    expect(await states()).toEqual([false, true, true, true]);
    await catalogue().resumeAccount(customer(1));
    await catalogue().suspendAccount(customer(1), { reason });
    await catalogue().resumeAccount(customer(3));
    expect(await states()).toEqual([true, true, true, true]);
  });
});

describe('a suspended account', () => {
  it('closes also what is sold to it later, on every node, until it is resumed', async () => {
    const node = await rig.node('a');
    await catalogue().suspendAccount(customer(1), { reason: 'fraud' });
    expect(await catalogue().getAccount(customer(1))).toMatchObject({
      suspendedAt: rig.clock.now(),
      suspensionReason: 'fraud',
    });
    const tariff = (await catalogue().getSubscription(subscriptions[1] ?? '')).tariff;
    const later = await catalogue().createSubscription({ account: customer(1), tariff });
    const device = await rig.device(later.id);
    expect((await catalogue().getSubscription(later.id)).access).toMatchObject({
      state: 'closed',
      reasons: [{ code: 'account-suspension', mend: 'turnpike account resume "customer 1"' }],
    });
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(DeviceAccess.WITHDRAWN);
    await catalogue().resumeAccount(customer(1));
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(DeviceAccess.OPEN);
    expect((await catalogue().getSubscription(later.id)).access.state).toBe('open');
  });

  it('leaves alone what was suspended by itself, and the other way round', async () => {
    const [, id = ''] = subscriptions;
    const codes = async () => (await catalogue().getSubscription(id)).access.reasons.map(({ code }) => code);
    await catalogue().suspend(id, { reason: 'unpaid' });
    await catalogue().suspendAccount(customer(1), { reason: 'fraud' });
    expect(await codes()).toEqual(['suspension', 'account-suspension']);
    await catalogue().resume(id);
    expect(await codes()).toEqual(['account-suspension']);
    await expect(catalogue().resume(id)).rejects.toMatchObject({
      code: 'conflict',
      remedy: 'turnpike account resume "customer 1"',
    });
    await catalogue().suspend(id, { reason: 'unpaid' });
    await catalogue().resumeAccount(customer(1));
    expect(await codes()).toEqual(['suspension']);
  });
});
