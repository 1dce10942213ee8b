import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gib, kib, mib, openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

let references = 0;
const occasion = () => {
  references += 1;
  // So that the order of booking is one.
  rig.clock.pass(1);
  return { reason: 'asked', reference: `reference ${references}` };
};
const catalogue = () => rig.books.catalogue;
const shown = (subscription: string) => catalogue().getSubscription(subscription);
const topUp = (subscription: string, bytes: bigint, expires?: string) =>
  catalogue().topUp(subscription, { bytes, ...occasion(), ...(expires && { expires }) });
/** As the API answers it. */
const refund = async (subscription: string, bytes: bigint, pack?: string) => {
  const { id } = await catalogue().refund(subscription, { bytes, ...occasion(), ...(pack && { pack }) });
  return catalogue().awaitAdjustment(subscription, id);
};
const left = async (subscription: string) =>
  (await shown(subscription)).adjustments.flatMap(({ leftBytes }) => leftBytes ?? []);

async function sell(volumeBytes = 100n * mib) {
  const node = await rig.node('a');
  const subscription = await rig.subscription({ volumeBytes });
  const device = await rig.device(subscription);
  await node.sync();
  const use = (bytes: bigint, more = {}) =>
    node.report({ [device]: [bytes, 0n] }, { [subscription]: { wanting: true, ...more } });
  return { node, subscription, device, use };
}

/** Gives back all that it holds, as an agent at rest does. */
function giveBack(node: TestNode, subscription: string, device: string, used: bigint) {
  const told = node.subscriptions.get(subscription);
  const entry = { recall: told?.recall ?? 0, releasedBytes: node.granted(subscription) - used };
  return node.report({ [device]: [used, 0n] }, { [subscription]: entry });
}

describe('a refund', () => {
  it('takes what is free at once', async () => {
    const subscription = await rig.subscription({ volumeBytes: gib });
    expect(await refund(subscription, 300n * mib)).toMatchObject({
      kind: 'refund',
      askedBytes: 300n * mib,
      bytes: -300n * mib,
      pending: false,
      heldBy: [],
    });
    expect((await shown(subscription)).volumeBytes).toBe(gib - 300n * mib);
  });

  it('recalls what nodes hold, grants nothing meanwhile, and takes what comes back', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    const free = (await shown(subscription)).remainingBytes ?? 0n;
    const asked = await refund(subscription, 90n * mib);
    expect(asked).toMatchObject({ pending: true, heldBy: ['a'] });
    expect(-asked.bytes).toBeLessThan(free);
    await node.sync();
    expect(node.subscriptions.get(subscription)).toMatchObject({ recall: 1, allowance: false });
    const before = node.granted(subscription);
    await use(20n * mib);
    expect(node.granted(subscription)).toBe(before);
    await giveBack(node, subscription, device, 20n * mib);
    const [done] = (await shown(subscription)).adjustments;
    // 10 MiB of the 90 were used while it was pending.
    expect(done).toMatchObject({ bytes: -80n * mib, pending: false });
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 20n * mib, remainingBytes: 0n });
    expect((await shown(subscription)).access.state).toBe('closed');
    await topUp(subscription, 5n * mib);
    expect((await shown(subscription)).access.state).toBe('open');
  });

  it('is answered when the node has given back, and says so', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    rig.clock.sleep = (_ms, signal) =>
      new Promise((resolve) => signal?.addEventListener('abort', () => resolve()));
    const answer = refund(subscription, 50n * mib);
    await expect.poll(async () => (await shown(subscription)).adjustments.length).toBe(1);
    await node.sync();
    await giveBack(node, subscription, device, 10n * mib);
    expect(await answer).toMatchObject({ bytes: -50n * mib, pending: false });
  });

  it('waits for a node that is cut off, and goes on when it is back', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    await node.disconnect();
    const { bytes, pending } = await refund(subscription, 90n * mib);
    expect(pending).toBe(true);
    await node.hello();
    await giveBack(node, subscription, device, 30n * mib);
    const [done] = (await shown(subscription)).adjustments;
    expect(done).toMatchObject({ bytes: -70n * mib, pending: false });
    expect(-bytes).toBeLessThan(70n * mib);
  });

  it('recalls what nodes hold of a suspended subscription, too, and grants it nothing', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    await catalogue().suspend(subscription, { reason: 'unpaid' });
    await refund(subscription, 90n * mib);
    await node.sync();
    expect(node.subscriptions.get(subscription)?.recall).toBe(1);
    await giveBack(node, subscription, device, 10n * mib);
    const [asked] = (await shown(subscription)).adjustments;
    expect(asked).toMatchObject({ bytes: -90n * mib, pending: false });
    const before = node.granted(subscription);
    await topUp(subscription, 100n * mib);
    await node.sync();
    expect(node.granted(subscription)).toBe(before);
    // It was there a moment ago: it need not ask.
    await catalogue().resume(subscription);
    await node.sync();
    expect(node.granted(subscription)).toBeGreaterThan(before + 10n * mib);
  });

  it('of what was used already is not taken of what is bought a moment later', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    await use(60n * mib);
    const asked = await refund(subscription, 100n * mib);
    expect(asked.pending).toBe(true);
    await topUp(subscription, 50n * mib);
    await giveBack(node, subscription, device, 60n * mib);
    const [done] = (await shown(subscription)).adjustments;
    expect(done).toMatchObject({ bytes: -40n * mib, askedBytes: 100n * mib, pending: false });
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 110n * mib, remainingBytes: 50n * mib });
  });

  it('of more than was sold says how much can be', async () => {
    const subscription = await rig.subscription({ volumeBytes: gib });
    await expect(refund(subscription, gib + 1n)).rejects.toMatchObject({
      code: 'invalid',
      field: 'bytes',
      message: expect.stringContaining(`(${gib} bytes)`),
    });
    for (const bytes of [0n, -1n]) {
      await expect(refund(subscription, bytes)).rejects.toMatchObject({ code: 'invalid' });
    }
    const pack = await topUp(subscription, mib);
    await expect(refund(subscription, mib + 1n, pack.id)).rejects.toMatchObject({
      message: expect.stringContaining(`(${mib} bytes)`),
    });
    await expect(refund(subscription, 1n, 'adj_0000000000000000')).rejects.toMatchObject({
      code: 'not_found',
    });
    const unlimited = await rig.subscription({ volumeBytes: null });
    await expect(refund(unlimited, 1n)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('of all that was sold raises no threshold: of nothing no part is used', async () => {
    const subscription = await rig.subscription({ volumeBytes: gib, limits: { thresholds: [50, 80] } });
    await refund(subscription, gib);
    expect((await shown(subscription)).access.state).toBe('closed');
    const told = (await catalogue().listEvents({})).map(({ type }) => type);
    expect(told.filter((type) => type.startsWith('volume'))).toEqual(['volume.exhausted']);
    await topUp(subscription, gib);
    expect((await shown(subscription)).access.state).toBe('open');
  });
});

describe('a top-up', () => {
  it('is refused where it is over before anything of it can be used, and says when that could be', async () => {
    const { id: account } = await catalogue().addAccount({ reference: 'later' });
    await catalogue().addTariff({ name: 'later', volumeBytes: gib });
    const create = (starts: string) => catalogue().createSubscription({ account, tariff: 'later', starts });
    const { id } = await create('2026-12-24');
    const refused = {
      code: 'invalid',
      field: 'expires',
      message:
        'expires: 2026-12-24 00:00 UTC is not after 2026-12-24 00:00 UTC, when the subscription starts: nothing of it could be used',
      remedy: `give a later time, or none; or let it start earlier (turnpike subscription set ${id} --starts TIME)`,
    };
    await expect(topUp(id, mib, '2026-12-24')).rejects.toMatchObject(refused);
    await expect(topUp(id, mib, '2026-11-30')).rejects.toMatchObject({ field: 'expires' });
    await expect(topUp(id, mib, '2026-11-22')).rejects.toMatchObject({
      message: 'expires: that time is over already: give a time to come',
    });
    expect(await left(id)).toEqual([]);
    await topUp(id, mib, '2026-12-25');
    // Where the start is not known yet, any time to come may be after it.
    const { id: atFirst } = await create('first-connection');
    await topUp(atFirst, mib, '2026-11-30');
    expect([await left(id), await left(atFirst)]).toEqual([[mib], [mib]]);
  });

  it('goes at once to the nodes that were in use until a moment ago, and to no others', async () => {
    const { node, subscription, device, use } = await sell(10n * mib);
    const idle = await rig.node('b');
    // All but the other node's allowance.
    const used = 10n * mib - 256n * kib;
    await use(used);
    await giveBack(node, subscription, device, used);
    const before = node.granted(subscription);
    rig.clock.pass(30_000);
    await topUp(subscription, mib);
    for (const one of [node, idle]) await one.sync();
    expect(node.granted(subscription)).toBeGreaterThan(before);
    expect(idle.granted(subscription)).toBeLessThanOrEqual(256n * kib);
  });
});

describe('a node that has not answered a recall', () => {
  it('is granted nothing, which it would give back, and its share when it has', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    await refund(subscription, 95n * mib);
    await topUp(subscription, 100n * mib);
    await node.sync();
    const before = node.granted(subscription);
    await use(11n * mib);
    expect(node.granted(subscription)).toBe(before);
    await giveBack(node, subscription, device, 12n * mib);
    expect(node.granted(subscription)).toBeGreaterThan(before + 10n * mib);
  });
});

describe('told once more with the same reference', () => {
  const told = { reason: 'asked', reference: 'the same' };

  it('a top-up, a refund and a reversal answer as before and change nothing', async () => {
    const subscription = await rig.subscription();
    const pack = { bytes: 5n * mib, ...told, expires: '2026-12-01' };
    const added = await catalogue().topUp(subscription, pack);
    expect(await catalogue().topUp(subscription, pack)).toEqual(added);
    expect((await shown(subscription)).volumeBytes).toBe(gib + 5n * mib);

    const wish = { bytes: mib, ...told, reference: 'refund', pack: added.id };
    const taken = await catalogue().refund(subscription, wish);
    expect(await catalogue().refund(subscription, { ...wish, reason: 'in other words' })).toEqual(taken);
    const back = () => catalogue().reverse(subscription, taken.id, { ...told, reference: 'back' });
    expect(await back()).toEqual(await back());
    expect((await shown(subscription)).volumeBytes).toBe(gib + 5n * mib);
    expect((await shown(subscription)).adjustments.length).toBe(3);

    // The answer that was not heard can be asked for later, too.
    rig.clock.pass(30 * 86_400_000);
    await catalogue().cancelSubscription(subscription, { reason: 'moved away' });
    expect(await catalogue().topUp(subscription, pack)).toMatchObject({ id: added.id });
  });

  it('anything else is refused, and says what was booked', async () => {
    const subscription = await rig.subscription();
    const once = { bytes: mib, ...told };
    const { id } = await catalogue().topUp(subscription, once);
    const others = [
      () => catalogue().topUp(subscription, { ...once, bytes: 2n * mib }),
      () => catalogue().topUp(subscription, { ...once, expires: '2026-12-01' }),
      () => catalogue().refund(subscription, once),
      () => catalogue().reverse(subscription, id, told),
    ];
    for (const other of others) {
      await expect(other()).rejects.toMatchObject({
        code: 'conflict',
        field: 'reference',
        message: expect.stringContaining(`${id}, a top-up of 1.04 MB`),
      });
    }
    expect((await shown(subscription)).volumeBytes).toBe(gib + mib);
  });

  it('a renewal is none of these: it may have the reference of a top-up, and brings its own volume', async () => {
    const subscription = await rig.subscription({ volumeBytes: gib, limits: { durationDays: 30 } });
    for (const reference of ['4711', 'renewal 4711']) {
      rig.clock.pass(1);
      await catalogue().topUp(subscription, { bytes: mib, reason: 'paid', reference });
    }
    rig.clock.pass(1);
    for (let time = 0; time < 2; time++) {
      await catalogue().renewSubscription(subscription, { reference: '4711' });
    }
    const { volumeBytes, adjustments } = await shown(subscription);
    expect(volumeBytes).toBe(2n * gib + 2n * mib);
    expect(adjustments.map(({ kind, reference }) => `${kind} ${reference}`)).toEqual([
      'top-up 4711',
      'top-up renewal 4711',
      'renewal 4711',
    ]);
  });
});

describe('another tariff', () => {
  const change = async (subscription: string, volumeBytes: bigint) => {
    const { id } = await catalogue().addTariff({ name: `other-${volumeBytes}`, volumeBytes });
    await catalogue().changeTariff(subscription, { tariff: id });
  };

  it('is sold in full: what was taken back of the volume before goes with that', async () => {
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    await topUp(subscription, 10n * mib);
    await refund(subscription, 40n * mib);
    expect((await shown(subscription)).volumeBytes).toBe(70n * mib);
    await change(subscription, 50n * mib);
    expect((await shown(subscription)).volumeBytes).toBe(50n * mib);
    await change(subscription, 200n * mib);
    expect((await shown(subscription)).volumeBytes).toBe(200n * mib);
  });

  it('ends a refund that waits for what a node holds: that counts against the new volume', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    await node.disconnect();
    expect((await refund(subscription, 90n * mib)).pending).toBe(true);
    await change(subscription, 200n * mib);
    const [asked] = (await shown(subscription)).adjustments;
    expect(asked?.pending).toBe(false);
    await node.hello();
    await giveBack(node, subscription, device, 10n * mib);
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 200n * mib, remainingBytes: 190n * mib });
  });
});

describe('a reversal', () => {
  it('of a top-up takes it back as far as it is not used', async () => {
    const subscription = await rig.subscription({ volumeBytes: gib });
    const pack = await topUp(subscription, 5n * gib);
    const reversal = await catalogue().reverse(subscription, pack.id, occasion());
    expect(reversal).toMatchObject({ kind: 'reversal', reverses: pack.id, bytes: -5n * gib, pending: false });
    expect((await shown(subscription)).volumeBytes).toBe(gib);
    for (const id of [pack.id, reversal.id]) {
      await expect(catalogue().reverse(subscription, id, occasion())).rejects.toMatchObject({
        code: 'conflict',
      });
    }
  });

  it('of a refund gives back what was taken, and ends the taking', async () => {
    const { node, subscription, device, use } = await sell();
    await use(10n * mib);
    const asked = await refund(subscription, 90n * mib);
    expect(asked.pending).toBe(true);
    expect(await catalogue().reverse(subscription, asked.id, occasion())).toMatchObject({
      kind: 'reversal',
      bytes: -asked.bytes,
    });
    await node.sync();
    await giveBack(node, subscription, device, 10n * mib);
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 100n * mib, remainingBytes: 90n * mib });
  });
});

describe('packs', () => {
  it('are consumed after the volume, the one that expires first before the others', async () => {
    const { subscription, use } = await sell(10n * mib);
    await topUp(subscription, 4n * mib);
    await topUp(subscription, 4n * mib, '2026-12-24');
    await topUp(subscription, 4n * mib, '2026-12-01');
    await use(9n * mib);
    expect(await left(subscription)).toEqual([4n * mib, 4n * mib, 4n * mib]);
    await use(15n * mib);
    expect(await left(subscription)).toEqual([4n * mib, 3n * mib, 0n]);
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 22n * mib, remainingBytes: 7n * mib });
  });

  it('that are added later are not charged with what passed before, also when they expire first', async () => {
    const { subscription, use } = await sell(1n * mib);
    await topUp(subscription, 100n * mib);
    await use(50n * mib);
    await topUp(subscription, 30n * mib, new Date(rig.clock.now() + 86_400_000).toISOString());
    expect(await left(subscription)).toEqual([51n * mib, 30n * mib]);
    await use(60n * mib);
    expect(await left(subscription)).toEqual([51n * mib, 20n * mib]);
  });

  it('lose with their expiry what is free at once, and what a node holds when it gives it back', async () => {
    const { node, subscription, device, use } = await sell(10n * mib);
    await topUp(subscription, 100n * mib, '2026-11-24T00:00:00Z');
    for (let round = 0; round < 3; round++) await use(12n * mib);
    const held = node.granted(subscription) - 12n * mib;
    expect(held).toBeGreaterThan(mib);
    rig.clock.pass(48 * 3600_000);
    await rig.sweepPeriods();
    expect((await shown(subscription)).remainingBytes).toBe(held);
    await node.sync();
    expect(node.subscriptions.get(subscription)?.recall).toBe(1);
    await giveBack(node, subscription, device, 12n * mib);
    expect(await shown(subscription)).toMatchObject({ volumeBytes: 12n * mib, remainingBytes: 0n });
    expect(await left(subscription)).toEqual([0n]);
  });

  it('cannot expire before now, be nothing, or be beyond what can be counted', async () => {
    const subscription = await rig.subscription();
    await expect(topUp(subscription, 1n, '2026-11-01')).rejects.toMatchObject({
      code: 'invalid',
      field: 'expires',
    });
    await expect(topUp(subscription, -1n)).rejects.toMatchObject({ code: 'invalid' });
    await topUp(subscription, 2n ** 61n);
    await expect(topUp(subscription, 2n ** 61n + 1n)).rejects.toMatchObject({
      code: 'invalid',
      field: 'bytes',
      message: expect.stringContaining(`there are 2305.84 PB (${2n ** 61n} bytes)`),
    });
    await topUp(subscription, 2n ** 61n);
    // With the most of all, nothing that is added up is beyond what a field holds.
    await catalogue().setTariff((await shown(subscription)).tariff, { volumeBytes: 2n ** 60n });
    const { id: most } = await catalogue().addTariff({ name: 'most', volumeBytes: 2n ** 60n });
    await catalogue().changeTariff(subscription, { tariff: most });
    expect((await shown(subscription)).volumeBytes).toBe(2n ** 60n + 2n ** 62n);
  });
});

describe('a node with a multiplier', () => {
  it('counts its bytes so against the volume, and never passes more', async () => {
    await expect(
      catalogue().addNode({ name: 'n', endpoint: 'n.example.net:51820', multiplier: 0 }),
    ).rejects.toMatchObject({ code: 'invalid', field: 'multiplier' });
    const node = await rig.node('m', { multiplier: 1.5 });
    const subscription = await rig.subscription({ volumeBytes: 10n * mib });
    const device = await rig.device(subscription);
    let used = 0n;
    for (let round = 0; round < 40; round++) {
      await node.report({ [device]: [used, 0n] }, { [subscription]: { wanting: true } });
      used = node.granted(subscription);
    }
    expect(used).toBe((10n * mib * 1000n) / 1500n);
    expect(await shown(subscription)).toMatchObject({
      usedBytes: used,
      countedBytes: 10n * mib - 1n,
      remainingBytes: 1n,
    });
  });

  it('that makes more bytes of a volume than a field holds is granted no more than that', async () => {
    const node = await rig.node('m', { multiplier: 0.001 });
    const subscription = await rig.subscription({ volumeBytes: 2n ** 60n });
    const device = await rig.device(subscription);
    await node.sync();
    const greedy = { [subscription]: { wanting: true, rate: 2n ** 63n - 1n } };
    for (let round = 0; round < 3; round++) await node.report({ [device]: [0n, 0n] }, greedy);
    const granted = node.granted(subscription);
    expect(granted > 2n ** 62n && granted < 2n ** 63n).toBe(true);
  });
});

describe('a tariff that throttles', () => {
  it('bills what passes beyond the volume, and takes it from no top-up', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({
      volumeBytes: 1n * mib,
      limits: { throttleBitsPerSecond: 1_000_000 },
    });
    const device = await rig.device(subscription);
    await node.sync();
    expect(node.subscriptions.get(subscription)?.throttle?.uploadBitsPerSecond).toBe(1_000_000n);
    const use = (bytes: bigint) =>
      node.report({ [device]: [bytes, 0n] }, { [subscription]: { wanting: true } });
    for (let round = 0; round < 9; round++) await use(node.granted(subscription));
    expect((await shown(subscription)).remainingBytes).toBe(0n);
    await use(3n * mib);
    expect(await shown(subscription)).toMatchObject({
      usedBytes: 3n * mib,
      countedBytes: 1n * mib,
      throttledBytes: 2n * mib,
      throttledAt: rig.clock.now(),
      access: { state: 'open' },
    });
    await topUp(subscription, 5n * mib);
    expect(await shown(subscription)).toMatchObject({ remainingBytes: 5n * mib });
    await node.sync();
    expect(node.granted(subscription)).toBeGreaterThan(5n * mib);
  });
});

describe('events', () => {
  const told = async () =>
    (await catalogue().listEvents({})).flatMap(({ type, data }) =>
      type.startsWith('volume') ? [`${type} ${data['percent'] ?? ''}`.trim()] : [],
    );

  it('tell each threshold once, also several at once, and again after a top-up', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({
      volumeBytes: 100n * mib,
      limits: { thresholds: [50, 80, 95] },
    });
    const device = await rig.device(subscription);
    const use = (bytes: bigint) =>
      node.report({ [device]: [bytes, 0n] }, { [subscription]: { wanting: true } });
    for (let round = 0; round < 30; round++) await use(1n * mib);
    expect(await told()).toEqual([]);
    await use(85n * mib);
    await use(86n * mib);
    expect(await told()).toEqual(['volume.threshold 50', 'volume.threshold 80']);
    await topUp(subscription, 100n * mib);
    for (let round = 0; round < 30; round++) await use(90n * mib);
    await use(200n * mib);
    expect((await told()).slice(2)).toEqual([
      'volume.threshold 50',
      'volume.threshold 80',
      'volume.threshold 95',
      'volume.exhausted',
    ]);
  });
});
