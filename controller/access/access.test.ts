import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatSize } from '../../common/bytes.ts';
import { kib, mib, openRig, type Rig, runOnce } from '../../test/unit/books/rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.books.close());

const explain = (id: string) => rig.books.catalogue.explain(id);

describe('explain', () => {
  it('says that it is not us when no handshake arrives', async () => {
    await rig.node('a');
    const device = await rig.device(await rig.subscription());
    expect((await explain(device)).verdict).toMatch(
      /^open; it is not us: no handshake arrives on a, and it was never seen/,
    );
  });

  it('says that a node has another key, until the device was added or seen after that', async () => {
    const a = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    rig.clock.pass(1000);
    a.key = randomBytes(32);
    await a.hello();
    const since = new Date(rig.clock.now()).toISOString().slice(0, 16).replace('T', ' ');
    const note = `; a has another WireGuard key since ${since} UTC, and a configuration from before does not reach it: hand it out anew (turnpike device config DEVICE --node a)`;
    expect((await explain(device)).verdict).toBe(
      `open; no handshake arrives on a, and it was never seen${note}`,
    );
    rig.clock.pass(1000);
    const later = await rig.device(subscription);
    expect((await explain(later)).verdict).toContain('it is not us');
    await rig.device(subscription);
    expect((await explain(subscription)).verdict).toBe(
      `open: 0 of 3 devices connected, 0 passing traffic${note}`,
    );
    rig.clock.pass(24 * 3600_000);
    await a.presence(device, { connected: true });
    await a.presence(device, {});
    expect((await explain(device)).verdict).toContain('it is not us');
  });

  it('says how a node joins where none of its group has', async () => {
    await rig.books.catalogue.addNode({ name: 'a', endpoint: 'a.example.net:51820' });
    const device = await rig.device(await rig.subscription());
    expect((await explain(device)).verdict).toBe(
      'open, but no node of its group has joined (a): turnpike node token a gives the command to join',
    );
  });

  it('names nodes of its group that never joined, and those that can serve it meanwhile', async () => {
    const a = await rig.node('a');
    await rig.books.catalogue.addNode({ name: 'b', endpoint: 'b.example.net:51820' });
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    expect((await explain(device)).verdict).toBe(
      'open; no handshake arrives on a, and it was never seen; b has not joined yet and serves nobody (turnpike node token b gives the command to join); let the device use a, and check its configuration, its clock and its network',
    );
    const other = await rig.device(subscription);
    expect((await explain(subscription)).verdict).toBe(
      'open: 0 of 2 devices connected, 0 passing traffic; b has not joined yet and serves nobody (turnpike node token b gives the command to join); let the devices use a',
    );
    // Whom another one serves need not know of it.
    for (const id of [device, other]) await a.presence(id, { connected: true, passing: true });
    for (const id of [device, subscription]) expect((await explain(id)).verdict).not.toContain('joined');
    for (const id of [device, other]) await a.presence(id, {});
    await a.disconnect();
    expect((await explain(device)).verdict).toBe(
      'open, but no node that has joined of its group is in contact with the controller (a); what it sees is not known; b has not joined yet and serves nobody (turnpike node token b gives the command to join)',
    );
    expect((await explain(subscription)).verdict).toContain('; no node that has joined of its group');
  });

  it('says of nodes that serve nobody what each needs: joining anew, or a start of its agent', async () => {
    const a = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 1n * mib });
    const device = await rig.device(subscription);
    await a.sync();
    await a.report({}, { [subscription]: { wanting: true } });
    for (const number of [2n, 3n]) await a.report({ [device]: [number, 0n] }, {}, number);
    await a.report({ [device]: [9n, 0n] }, {}, 2n).catch(() => {});
    await a.disconnect();
    const quarantined =
      'a is quarantined and serves nobody before joining anew (turnpike node token a gives the command to join)';
    expect((await explain(device)).verdict).toBe(
      `open, but no node of its group can serve it; ${quarantined}`,
    );
    await rig.node('u', { connected: false });
    const unstarted =
      'u has joined, was never connected and serves nobody (there: systemctl enable --now turnpike-agent)';
    const b = await rig.node('b');
    expect((await explain(device)).verdict).toBe(
      `open; no handshake arrives on b, and it was never seen; ${quarantined}; ${unstarted}; let the device use b, and check its configuration, its clock and its network`,
    );
    const other = await rig.device(subscription);
    expect((await explain(subscription)).verdict).toMatch(
      / passing traffic; a is quarantined .*; let the devices use b$/,
    );
    const c = await rig.node('c');
    await c.report({}, { [subscription]: { wanting: true } });
    await c.disconnect();
    for (let round = 0; round < 30; round++) {
      await b.report({ [device]: [b.granted(subscription), 0n] }, { [subscription]: { wanting: true } });
    }
    await b.presence(other, { connected: true, refused: true });
    expect((await explain(other)).verdict).toMatch(
      / on a, .* on c, which are out of contact; bring c back, let a join anew \(turnpike node token a gives .*\), top up, /,
    );
  });

  it('says what the nodes see of a device', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await a.presence(device, { connected: true });
    expect((await explain(device)).verdict).toMatch(/connected to a; it is not us: the device sends nothing/);
    await b.presence(device, { connected: true, refused: true });
    expect((await explain(device)).verdict).toMatch(/the gate refuses it on b/);
    await b.presence(device, { connected: true, passing: true });
    const explanation = await explain(subscription);
    expect(explanation).toMatchObject({
      kind: 'subscription',
      verdict: 'open, and its traffic passes on b',
      devices: [
        {
          id: device,
          presence: [
            { node: 'a', handshake: true, passing: false, refused: false },
            { node: 'b', handshake: true, passing: true, refused: false },
          ],
        },
      ],
    });
    await b.disconnect();
    await a.presence(device, {});
    // It may be connected to b, which nobody can see now.
    expect((await explain(device)).verdict).toMatch(
      /^open; no handshake arrives on a, but b is out of contact, and whether it is connected there is not known/,
    );
    await a.disconnect();
    expect((await explain(device)).verdict).toMatch(/no node of its group is in contact/);
  });

  it('counts the devices of a subscription with several', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    expect((await explain(subscription)).verdict).toBe('open, but it has no device');
    const [one, two] = [await rig.device(subscription), await rig.device(subscription)];
    await rig.device(subscription);
    await node.presence(one, { connected: true, passing: true });
    await node.presence(two, { connected: true, refused: true });
    expect((await explain(subscription)).verdict).toBe(
      'open: 2 of 3 devices connected, 1 passing traffic, 1 refused by the gate for want of granted volume',
    );
  });

  it('says by which reason it is closed, since when, and what mends it', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 64n * kib });
    const device = await rig.device(subscription);
    await node.sync();
    await node.report({}, { [subscription]: { wanting: true } });
    rig.clock.pass(1000);
    const since = rig.clock.now();
    await node.report({ [device]: [64n * kib, 0n] }, { [subscription]: { wanting: true } });
    rig.clock.pass(1000);
    await node.report({ [device]: [64n * kib, 0n] }, { [subscription]: { wanting: true } });
    expect(await explain(device)).toMatchObject({
      access: {
        state: 'closed',
        reasons: [
          {
            code: 'volume',
            since,
            mend: expect.stringContaining(`turnpike subscription top-up ${subscription} `),
          },
        ],
      },
      verdict: 'closed by us: the volume of 65.53 kB is used up',
      nodes: [{ name: 'a', connected: true, upToDate: true, reservedBytes: 0n }],
    });
    await rig.books.catalogue.suspend(subscription, { reason: 'unpaid' });
    const { access } = await explain(subscription);
    expect(access.reasons.map(({ code }) => code)).toEqual(['suspension', 'volume']);
  });

  it('says where the last of the volume is held when that node is away', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription({ volumeBytes: 1n * mib });
    const device = await rig.device(subscription);
    await a.sync();
    await a.report({}, { [subscription]: { wanting: true } });
    await a.disconnect();
    for (let round = 0; round < 30; round++) {
      await b.report({ [device]: [b.granted(subscription), 0n] }, { [subscription]: { wanting: true } });
    }
    const explanation = await explain(subscription);
    // Node a may still pass it, so the subscription is not closed; node b says what it sees.
    expect(explanation.access.state).toBe('open');
    expect(explanation.nodes).toMatchObject([
      { name: 'a', connected: false, upToDate: false, reservedBytes: a.granted(subscription) },
      { name: 'b', connected: true, reservedBytes: 0n },
    ]);
    await b.presence(device, { connected: true, refused: true });
    for (const id of [device, subscription]) {
      expect((await explain(id)).verdict).toMatch(
        /refuses it on b: the rest of the volume is reserved, .* on a, which is out of contact; bring that node back, top up, or .*"turnpike node remove a"/,
      );
    }
    const other = await rig.device(subscription);
    await b.sync();
    await b.presence(other, { connected: true });
    expect((await explain(subscription)).verdict).toMatch(/1 refused .*; the rest .* on a, which is out of/);
  });

  it('says that what a node holds that is away goes to a refund, and that only a top-up mends it', async () => {
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    const device = await rig.device(subscription);
    await a.sync();
    await a.report({}, { [subscription]: { wanting: true } });
    await a.disconnect();
    await rig.books.catalogue.refund(subscription, {
      ...{ bytes: 100n * mib, reason: 'withdrawn', reference: 'r' },
    });
    await b.presence(device, { connected: true, refused: true });
    const { verdict } = await explain(device);
    expect(verdict).toMatch(
      /on a, which is out of contact; it is refunded, and goes when that node returns: only a top-up/,
    );
    expect(verdict).not.toContain('node remove');
  });

  it('says what may still pass of a top-up that has expired, until it is given back', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ volumeBytes: 2n * mib });
    const device = await rig.device(subscription);
    const expires = new Date(rig.clock.now() + 3600_000).toISOString();
    const paid = { reason: 'paid', reference: 'p', expires };
    await rig.books.catalogue.topUp(subscription, { bytes: 50n * mib, ...paid });
    await node.sync();
    await node.report({ [device]: [mib, 0n] }, { [subscription]: { wanting: true } });
    const held = node.granted(subscription) - 2n * mib;
    expect(held).toBeGreaterThan(10n * mib);
    expect((await explain(subscription)).verdict).not.toContain('expired');
    rig.clock.pass(3600_000);
    await rig.sweepPeriods();
    const note = `; ${formatSize(held)} of a top-up that has expired may still pass, before a gave it back`;
    for (const id of [device, subscription]) expect((await explain(id)).verdict).toContain(note);
    await node.sync();
    const releasedBytes = node.granted(subscription) - 2n * mib;
    await node.report({}, { [subscription]: { recall: 1, releasedBytes } });
    expect((await explain(subscription)).verdict).not.toContain('expired');
  });

  it('says of a pending refund how much was taken back, and what is still to come from whom', async () => {
    const { catalogue } = rig.books;
    const a = await rig.node('a');
    const b = await rig.node('b');
    const subscription = await rig.subscription({ volumeBytes: 100n * mib });
    const device = await rig.device(subscription);
    await a.sync();
    await a.report({}, { [subscription]: { wanting: true } });
    await a.disconnect();
    expect((await explain(subscription)).verdict).not.toContain('refunded');
    const refund = { bytes: 90n * mib, reason: 'withdrawn', reference: 'r' };
    const { bytes, pending } = await catalogue.refund(subscription, refund);
    expect(pending).toBe(true);
    const taken = formatSize(-bytes);
    const rest = formatSize(refund.bytes + bytes);
    for (const id of [device, subscription]) {
      expect((await explain(id)).verdict).toContain(
        `; of 94.37 MB to be refunded ${taken} were taken back, and ${rest} are still to come, less what still passes before a`,
      );
    }
    await b.presence(device, { connected: true, refused: true });
    // The customer keeps the rest of what that node holds.
    expect((await explain(device)).verdict).toContain(
      `on a, which is out of contact; ${rest} of that are still to be refunded; bring that node back`,
    );
    // Written off with that node: of the refund, only what the other one holds can come.
    await catalogue.removeNode('a');
    const left = formatSize((await catalogue.getSubscription(subscription)).remainingBytes ?? 0n);
    expect((await explain(device)).verdict).toMatch(
      new RegExp(
        `${taken} were taken back, .* used or written off already, and ${left} are still .* before b gave`,
      ),
    );
  });

  it('says that a restored controller waits for a node to tell what passed, where that is the cause', async () => {
    const a = await rig.node('a');
    await rig.node('b');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const unlimited = await rig.device(await rig.subscription({ volumeBytes: null }));
    expect((await rig.books.catalogue.getStatus()).awaitedNodes).toEqual([]);
    await rig.books.beginTerm();
    expect((await rig.books.catalogue.getStatus()).awaitedNodes).toEqual(['a', 'b']);
    await a.send({ number: 1n, term: 1 });
    expect((await rig.books.catalogue.getStatus()).awaitedNodes).toEqual(['b']);
    for (const id of [device, unlimited]) await a.presence(id, { connected: true, refused: true });
    expect((await explain(device)).verdict).toMatch(
      /refuses it on a: the controller was restored .* nothing before b told .*"turnpike node remove b"/,
    );
    expect((await explain(unlimited)).verdict).not.toContain('restored');
    await rig.device(subscription);
    expect((await explain(subscription)).verdict).toMatch(/1 refused .*; the controller was restored/);
    await rig.books.catalogue.removeNode('b');
    expect((await explain(device)).verdict).not.toContain('restored');
  });

  it('says how much was written off, and that a top-up makes it good', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    for (const id of [device, subscription]) expect((await explain(id)).verdict).not.toMatch(/written off/);
    await node.report({}, { [subscription]: { wanting: true } });
    await node.report({}, { [subscription]: { wanting: true, writtenOffBytes: 64n * kib } });
    for (const id of [device, subscription]) {
      expect((await explain(id)).verdict).toMatch(
        /; 65.53 kB of the volume were written off .* top-up sub_\w+ 65536B --reason goodwill/,
      );
    }
  });

  it('says of a cancelled one only that, and of a restricted account what lifts it', async () => {
    const { catalogue, privacy } = rig.books;
    const subscription = await rig.subscription();
    await catalogue.suspend(subscription, { reason: 'unpaid' });
    await privacy.restrict('customer 1', { reason: 'asked for' });
    expect((await explain(subscription)).access.reasons).toMatchObject([
      { code: 'suspension' },
      {
        text: 'its account is restricted: asked for',
        mend: 'turnpike privacy unrestrict "customer 1", and then turnpike account resume "customer 1"',
      },
    ]);
    await privacy.unrestrict('customer 1');
    await catalogue.cancelSubscription(subscription, { reason: 'moved' });
    expect((await explain(subscription)).access.reasons).toMatchObject([
      {
        code: 'cancelled',
        mend: 'turnpike subscription create --account "customer 1" --tariff NAME makes another one',
      },
    ]);
  });

  it('names the renewal only where it sells the volume anew', async () => {
    const subscription = await rig.subscription({ volumeBytes: mib, limits: { durationDays: 1 } });
    await rig.books.catalogue.refund(subscription, { bytes: mib, reason: 'x', reference: 'r' });
    rig.clock.pass(2 * 24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    const { access } = await explain(subscription);
    expect(access.reasons.map(({ code }) => code)).toEqual(['expired', 'volume']);
    for (const { mend } of access.reasons) expect(mend).toMatch(/^turnpike subscription renew /);
  });

  it('says that a renewal begins a period, where periods are of days, and that its volume is there then', async () => {
    const { catalogue } = rig.books;
    const limits = { period: 'days', periodDays: 30, durationDays: 30, graceSeconds: 3600 } as const;
    const subscription = await rig.subscription({ volumeBytes: mib, limits });
    const mends = async () => (await explain(subscription)).access.reasons.map(({ mend }) => mend);
    await catalogue.refund(subscription, { bytes: mib, reason: 'x', reference: 'r' });
    expect(await mends()).toEqual([
      expect.stringMatching(/ subscription top-up .*; or it comes anew by itself, at 2026-12-22 12:00 UTC$/),
    ]);
    rig.clock.pass(40 * 24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect(await mends()).toEqual([
      expect.stringMatching(
        / renew sub_\w+ --reference REFERENCE lets it go on for 30 days from then on, and begins a/,
      ),
      expect.stringMatching(
        / renew sub_\w+ --reference REFERENCE begins a period with its volume anew, too$/,
      ),
    ]);
    await catalogue.renewSubscription(subscription, { reference: 'paid' });
    expect(await catalogue.getSubscription(subscription)).toMatchObject({
      access: { state: 'open' },
      remainingBytes: mib,
    });
  });

  it('says when the month brings the volume of what has expired, and that it is not there before', async () => {
    const { catalogue } = rig.books;
    const limits = { period: 'month', durationDays: 3 } as const;
    const subscription = await rig.subscription({ volumeBytes: mib, limits });
    await catalogue.refund(subscription, { bytes: mib, reason: 'x', reference: 'r' });
    rig.clock.pass(4 * 24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect((await explain(subscription)).access.reasons.map(({ code, mend }) => `${code}: ${mend}`)).toEqual([
      expect.stringMatching(
        /^expired: .* renew .* for 3 days .* month .* the next at 2026-12-01 00:00 UTC, or at once/,
      ),
      expect.stringMatching(/^volume: .* renew .* the next at 2026-12-01 00:00 UTC, .*; sooner: .* top-up/),
    ]);
    await catalogue.renewSubscription(subscription, { reference: 'paid' });
    const { access } = await explain(subscription);
    expect(access.reasons).toMatchObject([
      {
        code: 'volume',
        mend: expect.stringMatching(
          / top-up .*; or it comes anew with a renewal, at 2026-12-01 00:00 UTC: without, service ends at 2026-11-29 12:00 UTC$/,
        ),
      },
    ]);
  });

  it('says of one that was never connected that a renewal leaves it waiting, with the volume that it has', async () => {
    const { catalogue } = rig.books;
    await catalogue.addAccount({ reference: 'c' });
    const monthly = { period: 'days', periodDays: 30, durationDays: 30, volumeBytes: mib } as const;
    await catalogue.addTariff({ name: 'monthly', ...monthly });
    const times = { starts: 'first-connection', expires: '2026-11-25' };
    const { id } = await catalogue.createSubscription({ account: 'c', tariff: 'monthly', ...times });
    rig.clock.pass(5 * 24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect((await explain(id)).access.reasons).toMatchObject([
      {
        mend: `turnpike subscription renew ${id} --reference REFERENCE lets it go on for 30 days from then on, and it goes on waiting for its first connection, with the volume that it has`,
      },
    ]);
    await catalogue.renewSubscription(id, { reference: 'paid' });
    expect(await catalogue.getSubscription(id)).toMatchObject({ period: 1, remainingBytes: mib });
  });

  it('says by which tariff a renewal is where another one waits, as the renewal then is', async () => {
    const { catalogue } = rig.books;
    const monthly = { period: 'days', periodDays: 30, durationDays: 30, graceSeconds: 3600 } as const;
    const subscription = await rig.subscription({ volumeBytes: mib, limits: monthly });
    const weekly = { period: 'days', periodDays: 7, durationDays: 14, volumeBytes: 3n * mib } as const;
    await catalogue.addTariff({ name: 'weekly', ...weekly });
    await catalogue.changeTariff(subscription, { tariff: 'weekly', when: 'next-period' });
    await catalogue.refund(subscription, { bytes: mib, reason: 'x', reference: 'r' });
    const mends = async () => (await explain(subscription)).access.reasons.map(({ mend }) => mend);
    expect(await mends()).toEqual([
      expect.stringMatching(/; or the tariff "weekly" comes by itself, at 2026-12-22 12:00 UTC$/),
    ]);
    // Nobody looked at periods in the grace; with the new tariff, which has none, that is over.
    rig.clock.pass(30 * 24 * 3600_000 + 7200_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    const [renewal, volume] = await mends();
    expect(renewal).toMatch(/ for 14 days from then on, with the tariff "weekly" and its volume at once$/);
    expect(volume).toMatch(/ renew sub_\w+ --reference REFERENCE brings the tariff "weekly" and its volume/);
    const { renewal: booked } = await catalogue.renewSubscription(subscription, { reference: 'paid' });
    expect(booked.untilAt).toBe(rig.clock.now() + 14 * 24 * 3600_000);
    expect(await catalogue.getSubscription(subscription)).toMatchObject({ remainingBytes: 3n * mib });
  });

  it('says in the grace that the renewal pays for a volume for once that came in it', async () => {
    const { catalogue } = rig.books;
    const monthly = { period: 'days', periodDays: 30, durationDays: 30, graceSeconds: 3600 } as const;
    const subscription = await rig.subscription({ volumeBytes: mib, limits: monthly });
    await catalogue.addTariff({ name: 'once', durationDays: 90, volumeBytes: 3n * mib, graceSeconds: 3600 });
    await catalogue.changeTariff(subscription, { tariff: 'once', when: 'next-period' });
    rig.clock.pass(30 * 24 * 3600_000 + 60_000);
    await rig.sweepPeriods();
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect((await explain(subscription)).verdict).toMatch(
      / for 90 days from its expiry on, and pays for the volume that came in its grace\)/,
    );
    await catalogue.renewSubscription(subscription, { reference: 'paid' });
    expect(await catalogue.getSubscription(subscription)).toMatchObject({ remainingBytes: 3n * mib });
  });

  it('says that it must be said until when, where the tariff does not', async () => {
    const { catalogue } = rig.books;
    const subscription = await rig.subscription();
    await catalogue.setSubscription(subscription, { expires: '2026-11-23' });
    rig.clock.pass(24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'starts and ends of subscriptions');
    expect((await explain(subscription)).access.reasons).toMatchObject([
      { mend: expect.stringContaining(' --until DATE --reference REFERENCE lets it go on until then') },
    ]);
    await expect(catalogue.renewSubscription(subscription, { reference: 'r' })).rejects.toThrow(/until/);
  });

  it('says to what it is slowed down, and that a top-up lifts it', async () => {
    const limits = { throttleBitsPerSecond: 1_000_000, period: 'month' } as const;
    const subscription = await rig.subscription({ volumeBytes: mib, limits });
    const device = await rig.device(subscription);
    await rig.books.catalogue.refund(subscription, { bytes: mib, reason: 'x', reference: 'r' });
    for (const id of [device, subscription]) {
      expect((await explain(id)).verdict).toContain(
        `; it is slowed down to 1 Mbit/s since 2026-11-22 12:00 UTC, because the volume is used up: a top-up lifts it (turnpike subscription top-up ${subscription} SIZE --reason TEXT --reference REFERENCE); or it comes anew by itself, at 2026-12-01 00:00 UTC`,
      );
    }
  });

  it('says that it has expired, and until when grace lets it pass', async () => {
    const subscription = await rig.subscription({ limits: { durationDays: 1, graceSeconds: 7200 } });
    expect((await explain(subscription)).verdict).not.toContain('expired');
    rig.clock.pass(24 * 3600_000 + 3600_000);
    expect((await explain(subscription)).verdict).toContain(
      '; it expired at 2026-11-23 12:00 UTC, and grace lets it pass until 2026-11-23 14:00 UTC (turnpike subscription renew',
    );
    expect((await explain(subscription)).verdict).toContain(
      ` ${subscription} --reference REFERENCE lets it go on for 1 day from its expiry on`,
    );
  });

  it('says that a removed device is closed, also in observe', async () => {
    await rig.books.catalogue.setEnforcement({ enforcement: 'observe' });
    const device = await rig.device(await rig.subscription());
    await rig.books.catalogue.removeDevice(device);
    expect((await explain(device)).verdict).toBe('closed by us: the device was removed');
  });

  it('says what a node could not apply', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await node.sync();
    await rig.books.register.applied(node.identity, node.revision, [{ id: device, reason: 'address taken' }]);
    expect((await explain(subscription)).nodes[0]?.refusals).toEqual(['address taken']);
  });

  it('refuses what is neither a subscription nor a device', async () => {
    await expect(explain('nod_0000000000000000')).rejects.toMatchObject({ code: 'invalid' });
    await expect(explain('dev_0000000000000000')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('presence', () => {
  it('stores the day alone, also of a device that stayed for days', async () => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    const shown = async () => rig.books.catalogue.getDevice(device);
    await node.presence(device, { connected: true });
    expect(await shown()).toMatchObject({ connectedNodes: ['a'], lastSeenDay: '2026-11-22' });
    rig.clock.pass(3 * 24 * 3600_000);
    await node.presence(device, { connected: false });
    expect(await shown()).toMatchObject({ connectedNodes: [], lastSeenDay: '2026-11-25' });
  });

  it('of a device that is gone, or from an older incarnation, is not kept', async () => {
    const node = await rig.node('a');
    const device = await rig.device(await rig.subscription());
    await node.presence(device, { connected: true });
    await rig.books.catalogue.removeDevice(device);
    expect((await rig.books.catalogue.getStatus()).connectedDevices).toBe(0);
    await node.presence(device, { connected: true });
    expect((await rig.books.catalogue.getStatus()).connectedDevices).toBe(0);
  });
});
