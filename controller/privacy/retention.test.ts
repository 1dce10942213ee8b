import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { openRig, type Rig, runOnce } from '../../test/unit/books/rig.ts';

let rig: Rig;
let subscription: string;
let device: string;

beforeEach(async () => {
  rig = await openRig();
  const node = await rig.node('a');
  subscription = await rig.subscription();
  device = await rig.device(subscription);
  await node.sync();
  await node.presence(device, { connected: true });
  await node.report({ [device]: [1000n, 0n] });
  await rig.books.audit.done({ actor: { id: 'socket' }, method: 'POST', route: '/v1/x', named: {} }, 200, []);
});
afterEach(() => rig.books.close());

const look = () => runOnce(rig.books, rig.clock, 'retention');
const overdue = async () =>
  Object.fromEntries(
    (await rig.books.privacy.overdue()).map(({ category, overdue: count }) => [category, count]),
  );
const held = async () => ({
  days: (await rig.books.catalogue.getDailyUsage(subscription)).days.length,
  seen: (await rig.books.catalogue.getDevice(device)).lastSeenDay !== null,
  audit: (await rig.books.audit.list()).length,
});

describe('retention', () => {
  it('leaves everything alone until its time has come', async () => {
    rig.clock.pass(90 * dayMs);
    await look();
    expect(await held()).toEqual({ days: 1, seen: true, audit: 1 });
  });

  it('forgets the usage of a day after 90 days, and leaves the bill', async () => {
    rig.clock.pass(91 * dayMs);
    expect(await overdue()).toEqual({ 'daily-usage': 1, 'last-connection': 0, audit: 0 });
    expect(await held()).toMatchObject({ days: 1 });
    await look();
    expect(await held()).toEqual({ days: 0, seen: true, audit: 1 });
    expect(await rig.books.catalogue.getUsage(subscription)).toMatchObject({ usedBytes: 1000n });
  });

  it('forgets the day of the last connection after a year', async () => {
    rig.clock.pass(366 * dayMs);
    expect(await overdue()).toMatchObject({ 'last-connection': 1 });
    await look();
    expect(await held()).toMatchObject({ seen: false });
    expect(rig.books.figures().forgotten).toEqual({ 'daily-usage': 1, 'last-connection': 1, audit: 1 });
  });

  it('shortens the audit log after a year; what is left is whole, and says so', async () => {
    const before = await rig.books.audit.verify();
    rig.clock.pass(366 * dayMs);
    await look();
    expect(await rig.books.audit.list()).toMatchObject([
      { actor: 'controller', route: 'audit log shortened', subject: { upTo: 1, hash: before.head.hash } },
    ]);
    expect(await rig.books.audit.verify(before.head)).toMatchObject({
      whole: true,
      entries: 1,
      start: before.head,
    });
    await look();
    expect(await overdue()).toEqual({ 'daily-usage': 0, 'last-connection': 0, audit: 0 });
    expect(await rig.books.audit.list()).toHaveLength(1);
  });
});
