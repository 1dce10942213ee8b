import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, kib, mib, openRig, type Rig, TestNode } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const usage = (subscription: string) => rig.books.catalogue.getUsage(subscription);
const shown = (subscription: string) => rig.books.catalogue.getSubscription(subscription);

describe('an allowance', () => {
  it('is reserved on every node of the group before the device is told to any of them', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription();
    await rig.device(subscription);
    expect((await shown(subscription)).reservedBytes).toBe(512n * kib);
    for (const node of [a, b]) {
      await node.sync();
      expect(node.subscriptions.get(subscription)).toMatchObject({
        grantedBytes: 256n * kib,
        allowance: true,
      });
    }
  });

  it('is reserved with a node that enrols later, and grows with each device', async () => {
    const subscription = await rig.subscription();
    await rig.device(subscription);
    await rig.device(subscription);
    const late = await rig.node('late');
    expect(late.granted(subscription)).toBe(512n * kib);
    await rig.device(subscription);
    await late.sync();
    expect(late.granted(subscription)).toBe(768n * kib);
  });

  it('is not given where it would be much of the volume; a want is served from nothing', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 1n * mib });
    await rig.device(subscription);
    await node.sync();
    expect(node.subscriptions.get(subscription)).toMatchObject({ grantedBytes: 0n, allowance: false });
    await node.report({}, { [subscription]: { wanting: true } });
    expect(node.granted(subscription)).toBe(512n * kib);
  });

  it('is not given on nodes of other groups', async () => {
    await rig.books.catalogue.addGroup({ name: 'far' });
    const node = await rig.node('a', { group: 'far' });
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    expect(node.subscriptions.size).toBe(0);
    await node.report({ [device]: [5n, 5n] });
    expect((await usage(subscription)).usedBytes).toBe(0n);
    expect(rig.books.figures().strangeEntries).toBe(1);
  });
});

describe('a report', () => {
  it('bills each device what its totals grew, upload and download', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await a.report({ [device]: [1000n, 5000n] });
    await b.report({ [device]: [10n, 20n] });
    await a.report({ [device]: [1500n, 5000n] });
    expect(await usage(subscription)).toMatchObject({
      uploadBytes: 1510n,
      downloadBytes: 5020n,
      usedBytes: 6530n,
      remainingBytes: gib - 6530n,
      nodes: [
        { name: 'a', uploadBytes: 1500n, downloadBytes: 5000n },
        { name: 'b', uploadBytes: 10n, downloadBytes: 20n },
      ],
    });
    expect(await rig.books.catalogue.getDevice(device)).toMatchObject({
      uploadBytes: 1510n,
      downloadBytes: 5020n,
    });
  });

  it('that comes again is acknowledged and changes nothing', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.report({ [device]: [1000n, 0n] }, {}, 1n);
    await node.report({ [device]: [1000n, 0n] }, {}, 1n);
    expect((await usage(subscription)).usedBytes).toBe(1000n);
    expect(rig.books.figures()).toMatchObject({ reportsBooked: 1, reportsRepeated: 1, bookedBytes: 1000n });
  });

  it('that comes after a later one is acknowledged and changes nothing', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.report({ [device]: [1000n, 0n] }, {}, 1n);
    await node.report({ [device]: [3000n, 0n] }, {}, 2n);
    await node.report({ [device]: [1000n, 0n] }, {}, 1n);
    expect((await usage(subscription)).usedBytes).toBe(3000n);
  });

  it('in which a total went backwards books the others, and keeps what was booked of that one', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.report({ [device]: [1000n, 100n] });
    await node.report({ [device]: [400n, 300n] });
    expect(await usage(subscription)).toMatchObject({
      uploadBytes: 1000n,
      downloadBytes: 300n,
      usedBytes: 1300n,
    });
  });

  it('with a number that was booked with other content quarantines the identity', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const revoked: unknown[] = [];
    rig.books.identities.onRevoked((...all) => revoked.push(all));
    for (const number of [1n, 2n, 3n]) await node.report({ [device]: [number, 0n] }, {}, number);
    await expect(node.report({ [device]: [500n, 0n] }, {}, 2n)).rejects.toMatchObject({ code: 'conflict' });
    expect(revoked).toEqual([[node.identity.nodeId, 1]]);
    expect(await rig.books.identities.standing(node.identity, { serial: node.serial, notAfter: 0 })).toBe(
      'revoked',
    );
    await expect(node.report({ [device]: [500n, 0n] }, {}, 4n)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    await expect(node.sync()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await rig.books.catalogue.getNode('a')).toMatchObject({ state: 'quarantined' });
    expect((await usage(subscription)).usedBytes).toBe(3n);
    const anew = await TestNode.enrol(rig.books, 'a');
    expect(anew.identity.incarnation).toBe(2);
    expect(await rig.books.catalogue.getNode('a')).toMatchObject({ state: 'enrolled' });
  });

  it.each([
    ['so old that no agent can still be waiting for it', 1n],
    ['that was never booked, before others that were', 150n],
  ])('with a number %s quarantines the identity: its node went back', async (_, number) => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    for (let next = 1n; next <= 101n; next += 1n) await node.report({ [device]: [next, 0n] }, {}, next);
    await node.report({ [device]: [200n, 0n] }, {}, 200n);
    await node.report({ [device]: [101n, 0n] }, {}, 101n);
    await expect(node.report({ [device]: [1n, 0n] }, {}, number)).rejects.toMatchObject({ code: 'conflict' });
    expect(await rig.books.catalogue.getNode('a')).toMatchObject({ state: 'quarantined' });
  });

  it('still bills a device that was removed', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await rig.books.catalogue.removeDevice(device);
    await node.report({ [device]: [1000n, 0n] });
    expect((await usage(subscription)).usedBytes).toBe(1000n);
  });

  it('books what it knows beside what nobody knows', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.report(
      { dev_0000000000000000: [7n, 7n], [device]: [1n, 0n] },
      { sub_0000000000000000: { wanting: true } },
    );
    expect((await usage(subscription)).usedBytes).toBe(1n);
    expect(rig.books.figures().strangeEntries).toBe(2);
  });

  it('with figures that cannot be is refused as a whole', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await expect(node.report({ [device]: [2n ** 63n, 0n] })).rejects.toMatchObject({ code: 'invalid' });
    await expect(node.report({ [device]: [2n ** 62n, 2n ** 62n] })).rejects.toMatchObject({
      code: 'invalid',
    });
    expect((await usage(subscription)).usedBytes).toBe(0n);
  });

  it('of a node that is not enrolled, of an older incarnation or of a removed node is refused', async () => {
    const old = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const anew = await TestNode.enrol(rig.books, 'a');
    await expect(old.report({ [device]: [9n, 0n] })).rejects.toMatchObject({ code: 'unauthenticated' });
    await anew.report({ [device]: [4n, 0n] });
    await rig.books.catalogue.removeNode('a');
    await expect(anew.report({ [device]: [9n, 0n] })).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await usage(subscription)).usedBytes).toBe(4n);
  });
});

describe('a want', () => {
  it('is answered in the same transaction with half of what is free', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [200n * kib, 0n] }, { [subscription]: { wanting: true } });
    expect(node.granted(subscription)).toBe(256n * kib + (gib - 256n * kib) / 2n);
  });

  it('is remembered when nothing is free, and answered by a top-up at once', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 64n * kib });
    const device = await rig.device(subscription);
    await node.report({}, { [subscription]: { wanting: true } });
    await node.report({ [device]: [64n * kib, 0n] }, { [subscription]: { wanting: true } });
    expect((await shown(subscription)).access).toMatchObject({
      state: 'closed',
      reasons: [{ code: 'volume' }],
    });
    await rig.books.catalogue.topUp(subscription, { bytes: 100n * mib, reason: 'paid', reference: '1' });
    await node.sync();
    expect(node.granted(subscription)).toBe(64n * kib + 50n * mib);
    expect((await shown(subscription)).access).toEqual({ state: 'open', reasons: [], wouldClose: [] });
  });

  it('that is met by a recall elsewhere gets what is given back', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    const device = await rig.device(subscription);
    await a.report({}, { [subscription]: { wanting: true } });
    await b.report({}, { [subscription]: { wanting: true } });
    for (let round = 0; round < 60; round++) {
      await b.report({ [device]: [b.granted(subscription), 0n] }, { [subscription]: { wanting: true } });
    }
    await a.sync();
    expect(a.subscriptions.get(subscription)).toMatchObject({ recall: 1, allowance: false });
    const given = a.granted(subscription);
    await a.report({}, { [subscription]: { recall: 1, releasedBytes: given } });
    await b.sync();
    const before = b.granted(subscription);
    for (let round = 0; round < 60; round++) {
      await b.report({ [device]: [b.granted(subscription), 0n] }, { [subscription]: { wanting: true } });
    }
    expect(b.granted(subscription)).toBeGreaterThan(before);
    expect(await usage(subscription)).toMatchObject({ usedBytes: 100n * mib, remainingBytes: 0n });
  });

  it('of a node that was cut off is answered when it is back', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 64n * kib });
    await rig.device(subscription);
    await node.report({}, { [subscription]: { wanting: true } });
    await node.report({}, { [subscription]: { wanting: true } });
    await node.disconnect();
    await rig.books.catalogue.topUp(subscription, { bytes: 100n * mib, reason: 'paid', reference: '1' });
    // Allowances are reserved for nodes that are away, grants are not.
    expect((await shown(subscription)).reservedBytes).toBe(256n * kib);
    await node.hello();
    expect((await shown(subscription)).reservedBytes).toBeGreaterThan(50n * mib);
  });
});

describe('what lies idle', () => {
  /** One full round of the periodic work. */
  const sweep = async () => {
    for (const task of rig.books.tasks.filter(({ name }) => name.endsWith('sweep'))) {
      const abort = new AbortController();
      let naps = 0;
      rig.clock.sleep = async () => {
        naps += 1;
        if (naps > 12) abort.abort();
      };
      await task.run(abort.signal, () => {});
    }
  };

  it('is recalled after the holding time, but the allowance', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [1n, 0n] }, { [subscription]: { wanting: true } });
    rig.clock.pass(599_000);
    await sweep();
    await node.sync();
    expect(node.subscriptions.get(subscription)?.recall).toBe(0);
    rig.clock.pass(2_000);
    await sweep();
    await node.sync();
    expect(node.subscriptions.get(subscription)).toMatchObject({ recall: 1, allowance: true });
    // It gives everything back, and gets its allowance anew.
    await node.report({}, { [subscription]: { recall: 1, releasedBytes: node.granted(subscription) - 1n } });
    expect(node.subscriptions.get(subscription)?.recall).toBe(1);
    expect((await shown(subscription)).reservedBytes).toBe(256n * kib);
  });

  it('is recalled however many others there are', async () => {
    const node = await rig.node('a');
    for (let n = 0; n < 1_000; n += 1) await rig.device(await rig.subscription());
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({ [device]: [1n, 0n] }, { [subscription]: { wanting: true } });
    rig.clock.pass(601_000);
    await sweep();
    await node.sync();
    expect(node.subscriptions.get(subscription)).toMatchObject({ recall: 1 });
  });

  it('is recalled at once from where the last device was removed', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await rig.books.catalogue.removeDevice(device);
    await node.sync();
    expect(node.subscriptions.get(subscription)?.recall).toBe(1);
  });
});

describe('a node that is replaced or removed', () => {
  it('has what it held written off: not billed, and not granted again', async () => {
    await rig.node('a');
    const node = await rig.node('b');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.report({ [device]: [100n * kib, 0n] });
    await TestNode.enrol(rig.books, 'b');
    expect(await usage(subscription)).toMatchObject({
      usedBytes: 100n * kib,
      writtenOffBytes: 156n * kib,
      remainingBytes: gib - 256n * kib,
    });
    await rig.books.catalogue.removeNode('b');
    // The new incarnation's allowance, too.
    expect((await usage(subscription)).writtenOffBytes).toBe((156n + 256n) * kib);
  });
});

describe('observe', () => {
  it('lets everything pass, bills it, and says what would be closed', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 1n * mib });
    const device = await rig.device(subscription);
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    await node.sync();
    expect(node.subscriptions.get(subscription)?.metering).toBe(2);
    await node.report({ [device]: [3n * mib, 0n] });
    expect(await shown(subscription)).toMatchObject({
      usedBytes: 3n * mib,
      remainingBytes: 0n,
      enforcement: 'observe',
      access: { state: 'open', reasons: [], wouldClose: [{ code: 'volume' }] },
    });
    await rig.books.catalogue.setEnforcement({ enforcement: 'enforce' });
    await node.sync();
    expect(node.subscriptions.get(subscription)).toMatchObject({ metering: 1, grantedBytes: 3n * mib });
    expect((await shown(subscription)).access.state).toBe('closed');
    await rig.books.catalogue.topUp(subscription, { bytes: 1n * mib, reason: 'paid', reference: '1' });
    await node.report({}, { [subscription]: { wanting: true } });
    // Still a megabyte short.
    expect(node.granted(subscription)).toBe(3n * mib);
  });

  it('is not moved by what it books: an unlimited subscription costs no messages', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: null });
    const device = await rig.device(subscription);
    await node.sync();
    const { revision } = await rig.books.catalogue.getStatus();
    await node.report({ [device]: [3n * gib, 0n] });
    expect((await rig.books.catalogue.getStatus()).revision).toBe(revision);
    expect(await shown(subscription)).toMatchObject({ usedBytes: 3n * gib, remainingBytes: null });
  });
});
