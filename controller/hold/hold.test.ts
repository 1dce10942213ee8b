import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { openRig, type Rig, runOnce, type TestNode } from '../../test/unit/books/rig.ts';

const subscriptions = 'starts and ends of subscriptions';

/** Books of before and of now; the node has heard those of now, and then those of before come back. */
describe('a controller that was restored from a backup', () => {
  let directory: string;
  let rig: Rig;
  let node: TestNode;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'turnpike-hold-'));
    rig = await openRig({ path: join(directory, 'turnpike.db') });
    await rig.books.catalogue.addTariff({ name: 'monthly', volumeBytes: 1_000_000n, durationDays: 30 });
    node = await rig.node('a');
  });
  afterEach(async () => {
    await rig.books.close();
    rmSync(directory, { recursive: true });
  });

  const sell = async (reference: string) => {
    const { catalogue } = rig.books;
    const { id: account } = await catalogue.addAccount({ reference });
    const { id } = await catalogue.createSubscription({ account, tariff: 'monthly' });
    return { account, id, device: await rig.device(id) };
  };
  const look = () => runOnce(rig.books, rig.clock, subscriptions);

  /** What was done after the backup is forgotten by the books, and not by the node. */
  async function restoreFromBefore(meanwhile: () => Promise<void>): Promise<void> {
    const copy = join(directory, 'copy.db');
    await rig.books.close();
    const database = new DatabaseSync(join(directory, 'turnpike.db'));
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    const now = rig.clock.now();
    rig = await openRig({ path: join(directory, 'turnpike.db') });
    rig.clock.pass(now - rig.clock.now());
    node = node.with(rig.books);
    await meanwhile();
    const later = rig.clock.now() + 3600_000;
    await rig.books.close();
    rig = await openRig({ path: copy });
    rig.clock.pass(later - rig.clock.now());
    node = node.with(rig.books);
    await rig.books.beginTerm();
  }

  const access = (device: string) => node.devices.get(device)?.access;
  const open = 1;

  it('takes nothing away that was sold, renewed or resumed since, until that is released', async () => {
    const { catalogue } = rig.books;
    const [renewed, resumed, expired] = [await sell('renewed'), await sell('resumed'), await sell('expired')];
    await catalogue.suspendAccount(resumed.account, { reason: 'did not pay' });
    await node.sync();
    expect(access(resumed.device)).not.toBe(open);
    let sold = renewed;
    await restoreFromBefore(async () => {
      const now = rig.books.catalogue;
      sold = await sell('sold since');
      await now.renewSubscription(renewed.id, { reference: 'invoice 2' });
      await now.resumeAccount(resumed.account);
      await node.sync();
    });
    const held = [renewed, resumed, expired, sold].map(({ device }) => device);
    rig.clock.pass(31 * dayMs);
    await look();
    await node.sync();
    for (const device of held) expect([device, access(device)]).toEqual([device, open]);
    // Nobody's service ends; where the node has heard something newer, that holds.
    expect(node.subscriptions.get(expired.id)?.endsAtMs).toBe(0n);
    expect(node.subscriptions.get(renewed.id)?.endsAtMs).toBeGreaterThan(BigInt(rig.clock.now()));
    expect(await rig.books.catalogue.getStatus()).toMatchObject({ heldAt: expect.any(Number) });
    // Billing says what the books have forgotten.
    await rig.books.catalogue.renewSubscription(renewed.id, { reference: 'invoice 2' });
    await rig.books.catalogue.resumeAccount(resumed.account);
    await rig.books.catalogue.releaseHold();
    await look();
    const digest = await node.sync();
    expect(node.digest()).toEqual(digest);
    expect(access(renewed.device)).toBe(open);
    expect(node.devices.has(sold.device)).toBe(false);
    expect(access(expired.device)).not.toBe(open);
    expect(await rig.books.catalogue.releaseHold()).toEqual({ heldAt: null });
  });

  it('leaves a device the keys that it was given since', async () => {
    const { device } = await sell('a');
    let since: Uint8Array | undefined;
    await node.sync();
    await restoreFromBefore(async () => {
      await rig.books.catalogue.rekeyDevice(device, {});
      await node.sync();
      since = node.devices.get(device)?.publicKey;
    });
    await node.sync();
    expect(node.devices.get(device)?.publicKey).toEqual(since);
    await rig.books.catalogue.releaseHold();
    await node.sync();
    expect(node.devices.get(device)?.publicKey).not.toEqual(since);
  });

  it('does take away what is removed, suspended or erased from then on', async () => {
    const [removed, suspended] = [await sell('removed'), await sell('suspended'), await sell('erased')];
    await node.sync();
    await restoreFromBefore(async () => {});
    await node.sync();
    await rig.books.catalogue.removeDevice(removed.device);
    await rig.books.catalogue.suspendAccount(suspended.account, { reason: 'did not pay' });
    await rig.books.privacy.erase('erased');
    await node.sync();
    expect([...node.devices.keys()]).toEqual([suspended.device]);
    expect(access(suspended.device)).not.toBe(open);
  });

  it('tells a node that was off at the release of it when it returns', async () => {
    await restoreFromBefore(async () => {
      await sell('sold since');
      await node.sync();
    });
    await node.sync();
    expect(node.devices.size).toBe(1);
    await rig.books.catalogue.releaseHold();
    await rig.books.catalogue.setTariff('monthly', { maxDevices: 7 });
    const digest = await node.sync();
    expect(node.digest()).toEqual(digest);
    expect(node.devices.size).toBe(0);
  });

  it('gives nobody an address that may be of a device which was sold since', async () => {
    const first = await sell('first');
    await rig.books.catalogue.removeDevice(first.device);
    rig.clock.pass(2 * dayMs);
    const taken = new Set<string | undefined>();
    await restoreFromBefore(async () => {
      for (const reference of ['one', 'two', 'three']) {
        const { device } = await sell(reference);
        taken.add((await rig.books.catalogue.getDevice(device)).address4);
      }
    });
    for (const reference of ['one', 'two', 'three']) {
      const { device } = await sell(reference);
      expect(taken).not.toContain((await rig.books.catalogue.getDevice(device)).address4);
    }
  });

  it('tells billing backends nothing under the number of an event that they know', async () => {
    const last = async () => Number((await rig.books.catalogue.listEvents({})).at(-1)?.id ?? 0);
    const { id } = await sell('a');
    let before = 0;
    await restoreFromBefore(async () => {
      await rig.books.catalogue.cancelSubscription(id, { reason: 'since' });
      before = await last();
    });
    await rig.books.catalogue.releaseHold();
    rig.clock.pass(31 * dayMs);
    await look();
    expect(await last()).toBeGreaterThan(before + 1000);
  });
});
