import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatSize } from '../../common/bytes.ts';
import { mib, openRig, type Rig, runOnce, type TestNode } from '../../test/unit/books/rig.ts';
import { describeUnheard, placeReasons } from './unheard.ts';

let rig: Rig;
let a: TestNode;
let b: TestNode;
beforeEach(async () => {
  rig = await openRig();
  a = await rig.node('a');
  b = await rig.node('b');
});
afterEach(() => rig.books.close());

const explain = (id: string) => rig.books.catalogue.explain(id);
const hour = 3600_000;

/** Node b holds some of it, has said what it has in force, and is cut off then. */
async function cutOff(tariff: Parameters<Rig['subscription']>[0] = { volumeBytes: 100n * mib }) {
  const subscription = await rig.subscription(tariff);
  const device = await rig.device(subscription);
  await b.sync();
  await b.report({}, { [subscription]: { wanting: true } });
  await b.sync();
  await rig.books.register.applied(b.identity, b.revision, []);
  await b.disconnect();
  rig.clock.pass(60_000);
  return { subscription, device };
}

const placed = async (id: string) =>
  (await explain(id)).access.reasons.map(({ code, nodes }) => [code, nodes]);

describe('of what is closed, explain', () => {
  it('says that a node out of contact may let it pass, until when, and how much', async () => {
    const { subscription, device } = await cutOff();
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    const held = formatSize(b.granted(subscription));
    for (const id of [subscription, device]) {
      expect((await explain(id)).verdict).toBe(
        `closed by us: the subscription is suspended: unpaid; b is out of contact and may let it pass until it returns, or 2026-11-23 12:01 UTC at the latest, at most what it holds (${held})`,
      );
      expect(await placed(id)).toEqual([['suspension', ['a']]]);
    }
    expect((await explain(subscription)).devices[0]?.access.reasons[0]?.nodes).toEqual(['a']);
    // By then it holds nothing that is valid.
    rig.clock.pass(24 * hour);
    expect(await placed(subscription)).toEqual([['suspension', null]]);
    expect((await explain(device)).verdict).not.toContain('contact');
  });

  it('says so of a removed device too, and not of one that came later', async () => {
    const { subscription, device } = await cutOff();
    const later = await rig.device(subscription);
    for (const id of [device, later]) await rig.books.catalogue.removeDevice(id);
    expect((await explain(device)).verdict).toContain('the device was removed; b is out of contact and may');
    expect(await placed(device)).toEqual([['removed', ['a']]]);
    expect(await placed(later)).toEqual([['removed', null]]);
    await a.disconnect();
    rig.clock.pass(1000);
    expect(await placed(device)).toEqual([['removed', []]]);
  });

  it('says nothing of a node that had heard of it, nor of one that is back', async () => {
    const { subscription } = await cutOff();
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    await b.hello();
    expect(await placed(subscription)).toEqual([['suspension', null]]);
    await rig.books.register.applied(b.identity, b.revision, []);
    await b.disconnect();
    rig.clock.pass(1000);
    expect(await placed(subscription)).toEqual([['suspension', null]]);
    expect((await explain(subscription)).verdict).not.toContain('contact');
  });

  it('bounds what is unlimited by nothing but its return, and what is throttled by its time', async () => {
    const unlimited = await cutOff({ volumeBytes: null });
    await rig.books.catalogue.suspend(unlimited.subscription, { reason: 'x' });
    expect((await explain(unlimited.subscription)).verdict).toMatch(/ may let it pass until it returns$/);
    rig.clock.pass(25 * hour);
    expect(await placed(unlimited.subscription)).toEqual([['suspension', ['a']]]);
    await b.hello();
    const slow = await cutOff({ volumeBytes: mib, limits: { throttleBitsPerSecond: 1_000_000 } });
    await rig.books.catalogue.suspend(slow.subscription, { reason: 'x' });
    expect((await explain(slow.subscription)).verdict).toMatch(
      / until it returns, or \S+ \S+ UTC at the latest$/,
    );
    rig.clock.pass(24 * hour);
    expect(await placed(slow.subscription)).toEqual([['suspension', null]]);
  });

  it('says that it is closed where nothing is held', async () => {
    const { subscription, device } = await cutOff();
    await b.report({ [device]: [b.granted(subscription), 0n] }, {});
    await rig.books.catalogue.suspend(subscription, { reason: 'x' });
    expect(await placed(subscription)).toEqual([['suspension', null]]);
  });

  it('says of what has expired that nodes close it by themselves, at the end that they know', async () => {
    const { subscription } = await cutOff();
    await rig.books.catalogue.setSubscription(subscription, {
      expires: new Date(rig.clock.now() + hour).toISOString(),
    });
    rig.clock.pass(2 * hour);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect((await explain(subscription)).verdict).toBe(
      'closed by us: the subscription has expired; b is out of contact, and closes it by itself at the end that it was told last',
    );
    expect(await placed(subscription)).toEqual([['expired', ['a']]]);
  });

  it('does not name a node that never joined, and no other one that serves nobody is unsure', async () => {
    const { subscription } = await cutOff();
    await rig.node('unstarted', { connected: false });
    await rig.books.catalogue.addNode({ name: 'waiting', endpoint: 'w.example.net:51820' });
    await rig.books.catalogue.suspend(subscription, { reason: 'x' });
    expect(await placed(subscription)).toEqual([['suspension', ['a', 'unstarted']]]);
  });
});

it('a volume that is used up ends by itself, also where nobody was told, but for what is held', () => {
  const reason = { code: 'volume', text: 'used up', since: 0, mend: null, nodes: null } as const;
  const access = { state: 'closed', reasons: [reason], wouldClose: [] } as const;
  const node = (name: string, heldBytes: bigint) => ({ name, told: true, heldBytes, validUntil: 2000 });
  const away = [node('b', 0n), node('c', 5_000_000n)];
  expect(placeReasons(access, ['a', 'b', 'c'], away, 1000).reasons[0]?.nodes).toEqual(['a', 'b']);
  expect(describeUnheard(access, away, 1000)).toMatch(/^; c is out of contact and may .* \(5\.00 MB\)$/);
  const suspended = { ...access, reasons: [reason, { ...reason, code: 'suspension' as const }] };
  expect(describeUnheard(suspended, away, 1000)).toBe('');
});

it('of many nodes the first are named', () => {
  const reason = { code: 'removed', text: 'removed', since: 0, mend: null, nodes: null } as const;
  const access = { state: 'closed', reasons: [reason], wouldClose: [] } as const;
  const away = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
    ...{ name, told: false, heldBytes: null, validUntil: null },
  }));
  expect(describeUnheard(access, away, 0)).toMatch(/^(; [abc] is [^;]*){3}; so it is with 2 more nodes$/);
});
