import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair, noKey } from '../../common/wireguard-key.ts';
import { gib, openRig, type Rig } from '../../test/unit/books/rig.ts';
import type { DeviceLine, Line, SubscriptionLine } from './line.ts';
import type { ReconcileWish } from './wish.ts';

let rig: Rig;
const open = async () => {
  const made = await openRig();
  for (const name of ['small', 'large']) {
    await made.books.catalogue.addTariff({ name, volumeBytes: 10n * gib, period: 'month', maxDevices: 2 });
  }
  return made;
};
beforeEach(async () => {
  rig = await open();
});
afterEach(() => rig.books.close());

const keys = Array.from({ length: 4 }, () => generateWireguardKeyPair().publicKey);
const sub = (reference: string, more: Partial<SubscriptionLine> = {}): SubscriptionLine => ({
  ...{ type: 'subscription', reference, account: `of ${reference}`, tariff: 'small' },
  ...more,
});
const dev = (subscription: string, key: number, more: Partial<DeviceLine> = {}): DeviceLine => ({
  ...{ type: 'device', subscription, publicKey: keys[key] as string },
  ...more,
});
const list: readonly Line[] = [
  sub('a', { timeZone: 'Europe/Berlin', starts: '2026-11-01', expires: '2027-11-01' }),
  dev('a', 0, { label: 'phone', platform: 'ios' }),
  dev('a', 1),
  sub('b', { starts: 'first-connection', suspended: 'unpaid' }),
  dev('b', 2, { label: 'büro' }),
  sub('c', { account: 'of a', expires: null }),
];

async function* numbered(lines: readonly Line[]) {
  for (const [n, line] of lines.entries()) yield { number: n + 1, line };
}

/** Ids are random; what is compared is all else. */
const withoutIds = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null).replace(/(sub|acc|dev)_[0-9a-z]{16}/g, '$1'));
const sumCounts = (counts: readonly unknown[]) => {
  const sums: Record<string, number> = {};
  for (const one of counts) {
    if (Array.isArray(one)) continue;
    for (const [name, count] of Object.entries(one as Record<string, number>)) {
      sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
};

const { signal } = new AbortController();
const put = (lines: readonly Line[], dryRun = false) =>
  rig.books.catalogue.importLines(numbered(lines), { dryRun, signal });
const reconcile = (lines: readonly Line[], wish: Partial<ReconcileWish> = {}) =>
  rig.books.catalogue.reconcileLines(numbered(lines), {
    dryRun: false,
    suspendExtra: false,
    signal,
    ...wish,
  });

async function exported(): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const page of rig.books.catalogue.exportLines()) lines.push(...page);
  return lines;
}

/** In the order of references: ids are random. */
const sorted = (lines: readonly Line[]) =>
  lines.toSorted((a, b) => Number(JSON.stringify(a) > JSON.stringify(b)) - 0.5);
const get = (name: string) => rig.books.catalogue.getSubscription(name);
const state = async () => [await exported(), (await rig.books.catalogue.getStatus()).revision];

describe('an import', () => {
  it('creates accounts, subscriptions and devices, with what idle devices may hold', async () => {
    const node = await rig.node('fra');
    expect(await put(list)).toMatchObject({
      lines: 6,
      subscriptions: { created: 3, changed: 0, unchanged: 0 },
      devices: { created: 3 },
      refused: 0,
      findings: [],
    });
    expect(await get('a')).toMatchObject({ accountReference: 'of a', tariff: 'small', devices: 2 });
    expect(await get('b')).toMatchObject({
      startsAt: null,
      access: { reasons: [{ text: expect.stringContaining('unpaid') }] },
    });
    expect((await rig.books.catalogue.getAccount('of a')).subscriptions.length).toBe(2);
    await node.sync();
    expect(node.devices.size).toBe(3);
    const { id } = await get('a');
    expect(node.granted(id)).toBe(512n * 1024n);
  });

  it('of the same lines again changes nothing, not even for the nodes', async () => {
    await put(list);
    const before = await state();
    expect(await put(list)).toMatchObject({
      subscriptions: { created: 0, changed: 0, unchanged: 3 },
      devices: { created: 0, changed: 0, unchanged: 3 },
    });
    expect(await state()).toEqual(before);
  });

  it('changes what is listed otherwise, and has no opinion of what is not listed', async () => {
    await put(list);
    expect(
      await put([
        sub('a', { tariff: 'large', expires: '2027-12-01', suspended: 'fraud' }),
        dev('a', 0, { label: null }),
        sub('b', { suspended: null }),
      ]),
    ).toMatchObject({ subscriptions: { changed: 2 }, devices: { changed: 1 } });
    const { access, ...changed } = await get('a');
    expect(changed).toMatchObject({ tariff: 'large', expiresAt: Date.UTC(2027, 10, 30, 23), devices: 2 });
    expect(access.reasons).toMatchObject([{ code: 'suspension' }]);
    expect((await get('b')).access.state).toBe('open');
    const devices = await rig.books.catalogue.listDevices({ subscription: 'a' });
    expect(devices.map(({ label, platform }) => [label, platform]).sort()).toEqual([
      [null, null],
      [null, 'ios'],
    ]);
  });

  it('refuses lines by their number, and does the others', async () => {
    await put([sub('known'), dev('known', 3)]);
    const result = await put([
      sub('a', { tariff: 'none' }),
      sub('b'),
      dev('nobody', 0),
      dev('b', 3),
      { ...dev('b', 1), publicKey: noKey },
      dev('b', 0),
      dev('b', 1),
      dev('b', 2),
      sub('known', { account: 'another' }),
      sub('b', { starts: 'yesterday' }),
      { ...sub('x'), reference: null },
      sub('acc_0000000000000000'),
    ]);
    expect(result).toMatchObject({
      lines: 12,
      refused: 9,
      subscriptions: { created: 1 },
      devices: { created: 2 },
    });
    expect(result.findings.map(({ line, error }) => [line, error?.code])).toEqual([
      [1, 'not_found'],
      [3, 'not_found'],
      [4, 'conflict'],
      [5, 'invalid'],
      [8, 'exhausted'],
      [9, 'conflict'],
      [10, 'invalid'],
      [11, 'invalid'],
      [12, 'invalid'],
    ]);
    for (const { error } of result.findings) expect(error?.remedy ?? error?.field).toBeDefined();
    expect((await rig.books.catalogue.listAccounts()).map(({ reference }) => reference).sort()).toEqual([
      'of b',
      'of known',
    ]);
  });

  it('keeps to the device limit of the tariff that comes with the next period', async () => {
    await rig.books.catalogue.addTariff({ name: 'one', volumeBytes: gib, period: 'month', maxDevices: 1 });
    await put([sub('a'), dev('a', 0)]);
    await rig.books.catalogue.changeTariff((await get('a')).id, { tariff: 'one', when: 'next-period' });
    const { findings } = await put([dev('a', 1)]);
    expect(findings).toMatchObject([{ line: 1, error: { code: 'exhausted' } }]);
  });

  it('gives a subscription that is there its reference, by its id', async () => {
    const id = await rig.subscription();
    const { accountReference, tariff } = await get(id);
    await put([sub('ours', { id, account: accountReference, tariff }), dev('ours', 0)]);
    expect(await get('ours')).toMatchObject({ id, devices: 1 });
    expect(await put([sub('ours', { id: 'sub_0000000000000000' })])).toMatchObject({ refused: 1 });
  });

  it('as a dry run says what would be, and does nothing', async () => {
    await put([sub('a')]);
    const before = await state();
    const later = sub('a', { expires: '2027-11-01' });
    // One that has begun cannot start at another time, as the first line has it.
    expect(await put([...list, later, sub('d', { tariff: 'none' }), dev('e', 3)], true)).toMatchObject({
      dryRun: true,
      subscriptions: { created: 2, changed: 1, unchanged: 0 },
      devices: { created: 3 },
      refused: 3,
    });
    expect(await state()).toEqual(before);
  });

  it('refuses what is of a restricted account by line, new or as it is, and leaves it as it is', async () => {
    await put(list);
    await rig.books.privacy.restrict('of a', { reason: 'disputed' });
    const before = await state();
    const lines = [
      ...[sub('a', { expires: '2028-01-01' }), dev('a', 0, { label: 'other' }), dev('a', 3)],
      ...[sub('c', { account: 'of a' }), sub('new', { account: 'of a' }), sub('b')],
    ];
    for (const dryRun of [true, false]) {
      const { findings, refused } = await put(lines, dryRun);
      expect(refused).toBe(5);
      for (const { error } of findings) {
        expect(error).toMatchObject({ code: 'conflict', message: expect.stringContaining('not used') });
        expect(error?.remedy).toContain('unrestrict');
      }
    }
    expect(await state()).toEqual(before);
    expect(await reconcile([sub('b')], { suspendExtra: true })).toMatchObject({ extra: 0, suspended: 0 });
    await rig.books.privacy.unrestrict('of a');
    expect(await put(lines.slice(0, 2))).toMatchObject({ refused: 0 });
  });

  const anyLine = fc.oneof(
    fc
      .record({
        reference: fc.constantFrom('a', 'b', 'c'),
        more: fc.record(
          {
            tariff: fc.constantFrom('small', 'large', 'none'),
            account: fc.constantFrom('of a', 'of b', 'b', 'free', 'held', 'foreign'),
            suspended: fc.constantFrom(null, 'unpaid'),
            expires: fc.constantFrom(null, '2027-11-01', '2020-01-01'),
            timeZone: fc.constantFrom('UTC', 'Europe/Berlin'),
          },
          { requiredKeys: [] },
        ),
      })
      .map(({ reference, more }) => sub(reference, more)),
    fc
      .record({
        named: fc.constantFrom('a', 'b', 'a', 'b', 'c', 'of a'),
        key: fc.integer({ min: 0, max: 2 }),
        more: fc.record(
          { label: fc.constantFrom('x', 'y', null), hardwareId: fc.constantFrom('m', 'n') },
          { requiredKeys: [] },
        ),
      })
      .map(({ named, key, more }) => dev(named, key, more)),
  );

  it('as a dry run says the same as the list itself then does, also for a reseller', async () => {
    const lists = fc.array(anyLine, { minLength: 6, maxLength: 12, size: 'max' });
    await fc.assert(
      fc.asyncProperty(lists, fc.boolean(), async (lines, reselling) => {
        const { catalogue, apiKeys, close } = (await open()).books;
        const key = { name: 'reseller', hash: new Uint8Array(32), scopes: ['subscriptions'] as const };
        const { id: keyId } = await apiKeys.add({ ...key, tag: 'own', budgetBytes: 100n * gib });
        await catalogue.addAccount({ reference: 'foreign', tag: 'other' });
        await catalogue.addAccount({ reference: 'c' });
        const seller = { keyId, keyName: 'reseller' };
        const caller = reselling ? catalogue.within({ tag: 'own', seller }) : catalogue;
        const run = async (dryRun: boolean) => {
          const { findings, ...told } = await caller.importLines(numbered(lines), { dryRun, signal });
          const refusals = findings.map(({ line, error }) => [line, error?.code, error?.message]);
          return withoutIds({ ...told, dryRun: false, refusals });
        };
        const told = await run(true);
        const done = await run(false);
        await close();
        expect(told).toEqual(done);
      }),
      { numRuns: 25 },
    );
  });

  it('as a dry run knows of lines more than 200 further up, and says the same as the list then does', async () => {
    await put([sub('old'), dev('old', 3)]);
    const between = Array.from({ length: 250 }, (_, n) => sub(`between ${n}`));
    const lines = [
      ...[sub('a'), dev('a', 0), sub('b', { account: 'of b' }), ...between],
      ...[sub('a'), dev('a', 0), dev('a', 1), dev('of b', 2)],
      // Refused: of another account, a key of one further up, and of one that was there before.
      ...[sub('a', { account: 'another' }), dev('b', 0), dev('b', 3)],
    ];
    const told = await put(lines, true);
    const done = await put(lines);
    expect(done).toMatchObject({ refused: 3, subscriptions: { unchanged: 1 }, devices: { created: 3 } });
    expect({ ...told, findings: [], dryRun: false }).toEqual({ ...done, findings: [] });
    expect(told.findings.map(({ line }) => line)).toEqual(done.findings.map(({ line }) => line));
  });

  it('takes letters and spaces for the same as the books do', async () => {
    const lines = [
      sub('r ', { account: 'acct ' }),
      dev(' r', 0, { label: 'Mäx'.normalize('NFD'), platform: 'ios ' }),
    ];
    expect(await put(lines)).toMatchObject({ refused: 0 });
    expect(await put(lines)).toMatchObject({ subscriptions: { unchanged: 1 }, devices: { unchanged: 1 } });
    expect(await put([dev('r ', 0, { label: 'y' })])).toMatchObject({ devices: { changed: 1 } });
  });

  it('gives a device that takes the place of another one no label where it says none, and the old one where it says nothing', async () => {
    const hardwareId = 'm';
    const lines = [
      sub('a'),
      dev('a', 0, { label: 'phone', platform: 'ios', hardwareId }),
      dev('a', 1, { label: null, platform: null, hardwareId }),
    ];
    const shown = async () =>
      (await rig.books.catalogue.listDevices({ status: 'active' })).map(({ label, platform }) => [
        label,
        platform,
      ]);
    expect(await put(lines)).toMatchObject({ refused: 0 });
    expect(await shown()).toEqual([[null, null]]);
    // So that the same line again changes nothing.
    expect(await put(lines.slice(2))).toMatchObject({ devices: { unchanged: 1, changed: 0 } });
    await put([dev('a', 2, { label: 'new', hardwareId })]);
    await put([dev('a', 3, { platform: 'linux', hardwareId })]);
    expect(await shown()).toEqual([['new', 'linux']]);
  });

  it('as a dry run finds limits that only doing it would', async () => {
    const many = [sub('a'), dev('a', 0), dev('a', 1), dev('a', 2)];
    expect((await put(many, true)).findings).toMatchObject([{ line: 4, error: { code: 'exhausted' } }]);
  });

  it('of a list at once and line by line comes to the same', async () => {
    const outcome = async (parts: readonly (readonly Line[])[]) => {
      const books = rig;
      rig = await open();
      try {
        await rig.books.catalogue.addAccount({ reference: 'held' });
        await rig.books.privacy.restrict('held', { reason: 'disputed' });
        const codes: unknown[] = [];
        for (const part of parts) {
          const { findings, subscriptions, devices } = await put(part);
          codes.push(subscriptions, devices, ...findings.map(({ error }) => [error?.code, error?.message]));
        }
        const flat = codes.flatMap((one) => (Array.isArray(one) ? [one.map(withoutIds)] : []));
        return { refused: flat, counts: sumCounts(codes), lines: sorted(await exported()).map(withoutIds) };
      } finally {
        await rig.books.close();
        rig = books;
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { minLength: 6, maxLength: 12, size: 'max' }), async (more) => {
        const lines = [sub('a'), sub('b'), ...more];
        const atOnce = await outcome([lines]);
        expect(atOnce).toEqual(await outcome(lines.map((one) => [one])));
      }),
      { numRuns: 15 },
    );
  });

  it('ends between two transactions when its caller does', async () => {
    const abort = new AbortController();
    abort.abort();
    const ended = rig.books.catalogue.importLines(numbered(list), { dryRun: false, signal: abort.signal });
    await expect(ended).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringContaining('again'),
    });
    expect(await exported()).toEqual([]);
  });
});

describe('the audit log', () => {
  const origin = (route: string) => ({ actor: { id: 'key_1', name: 'billing' }, method: 'POST', route });
  const by = (route: string) => ({ dryRun: false, signal, origin: origin(route) });
  const entries = async (account: string) =>
    (await rig.books.audit.list({ account })).map(({ route, subject }) => [route, subject['subscription']]);

  it('has an entry for each subscription that a list made, changed or suspended, and for no other', async () => {
    const { catalogue, privacy, audit } = rig.books;
    await catalogue.importLines(numbered(list), { ...by('/dry'), dryRun: true });
    expect(await audit.list()).toEqual([]);
    await catalogue.importLines(numbered([...list, sub('x', { tariff: 'none' })]), by('/new'));
    const [a, b, c] = [(await get('a')).id, (await get('b')).id, (await get('c')).id];
    expect((await entries('of a')).toSorted()).toEqual(
      [
        ['/new', a],
        ['/new', c],
      ].toSorted(),
    );
    expect(await entries('of b')).toEqual([['/new', b]]);
    await catalogue.importLines(numbered(list), by('/same'));
    expect(await audit.list()).toHaveLength(3);
    const prolonged = sub('a', { expires: '2028-11-01' });
    await catalogue.importLines(numbered([prolonged, sub('b'), dev('b', 2, { label: 'x' })]), by('/changed'));
    expect((await entries('of a'))[0]).toEqual(['/changed', a]);
    expect(await entries('of b')).toEqual([
      ['/changed', b],
      ['/new', b],
    ]);
    await catalogue.reconcileLines(numbered([sub('a'), sub('b')]), { ...by('/extra'), suspendExtra: true });
    expect((await entries('of a'))[0]).toEqual(['/extra', c]);
    expect(await audit.list()).toHaveLength(6);
    expect((await audit.list())[0]).toMatchObject({
      ...{ actor: 'key_1', actorName: 'billing', method: 'POST', status: 200 },
      subject: { account: (await catalogue.getAccount('of a')).id, subscription: c },
    });
    expect(await audit.verify()).toMatchObject({ whole: true, entries: 6 });
    expect((await privacy.export('of a')).audit).toHaveLength(4);
  });

  it('is written with each transaction, also where the next one never comes', async () => {
    const abort = new AbortController();
    async function* many() {
      for (let n = 1; n <= 401; n++) {
        if (n === 401) abort.abort();
        yield { number: n, line: sub(`m${n}`) };
      }
    }
    const wish = { ...by('/new'), signal: abort.signal };
    await expect(rig.books.catalogue.importLines(many(), wish)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await rig.books.audit.list()).toHaveLength(400);
    expect(await rig.books.audit.verify()).toMatchObject({ whole: true, entries: 400 });
  });
});

describe('an export', () => {
  it('imported into empty books is exported again as it was', async () => {
    await rig.node('fra');
    await put(list);
    const lines = await exported();
    const first = rig;
    rig = await open();
    expect(await put(lines)).toMatchObject({ refused: 0, lines: 6 });
    expect(sorted(await exported())).toEqual(sorted(lines));
    await first.books.close();
  });

  it('leaves out what was cancelled or removed', async () => {
    await put(list);
    const { catalogue } = rig.books;
    await catalogue.cancelSubscription('c', { reason: 'x' });
    const [device] = await catalogue.listDevices({ subscription: 'b' });
    await catalogue.removeDevice(device?.id ?? '');
    const lines = await exported();
    expect(sorted(lines).map((line) => (line.type === 'device' ? line.publicKey : line.reference))).toEqual(
      expect.arrayContaining(['a', 'b', keys[0], keys[1]]),
    );
    expect(lines.length).toBe(4);
    // And a list that still has it is told so.
    expect((await put(list)).findings).toMatchObject([]);
    expect((await put([sub('c', { tariff: 'large', account: 'of a' })])).findings).toMatchObject([
      { line: 1, error: { code: 'conflict', message: expect.stringContaining('cancelled') } },
    ]);
  });
});

describe('a reconciliation', () => {
  it('says what is missing, different and extra; as a dry run it does nothing', async () => {
    await put(list);
    const before = await state();
    const told = await reconcile([sub('a', { tariff: 'large' }), sub('c', { account: 'of a' }), sub('d')], {
      dryRun: true,
      suspendExtra: true,
    });
    expect(told.findings).toEqual([
      {
        ...{ kind: 'different', line: 1, about: 'a', error: null },
        differences: [{ field: 'tariff', listed: 'large', found: 'small' }],
      },
      { kind: 'missing', line: 3, about: 'd', differences: [], error: null },
    ]);
    expect(await state()).toEqual(before);
    await rig.books.catalogue.resume('b');
    const again = await reconcile([sub('a')], { dryRun: true });
    expect(again.findings.map(({ kind, about }) => [kind, about]).sort()).toEqual([
      ['extra', 'b'],
      ['extra', 'c'],
    ]);
  });

  it('mends what is missing and different, and suspends what is extra when asked to', async () => {
    await put(list);
    const billing = [sub('a', { tariff: 'large' }), sub('d')];
    expect(await reconcile(billing)).toMatchObject({ extra: 1, suspended: 0 });
    expect((await get('c')).access.state).toBe('open');
    expect(await reconcile(billing, { suspendExtra: true })).toMatchObject({
      ...{ extra: 1, suspended: 1, subscriptions: { unchanged: 2 } },
    });
    expect((await get('c')).access.reasons).toMatchObject([{ code: 'suspension' }]);
    expect((await get('a')).tariff).toBe('large');
    // Which is mended by the list, once it has it again.
    expect(await reconcile([...billing, sub('c', { account: 'of a', suspended: null })])).toMatchObject({
      ...{ extra: 0, subscriptions: { changed: 1 } },
    });
    expect((await get('c')).access.state).toBe('open');
  });

  it('goes on suspending beside lines of accounts that are restricted; a dry run says how many', async () => {
    await put(list);
    await rig.books.privacy.restrict('of b', { reason: 'disputed' });
    const billing = [sub('a'), sub('b')];
    const told = await reconcile(billing, { suspendExtra: true, dryRun: true });
    expect(told).toMatchObject({ refused: 1, extra: 1, suspended: 1 });
    expect((await get('c')).access.state).toBe('open');
    expect(await reconcile(billing, { suspendExtra: true })).toMatchObject({ extra: 1, suspended: 1 });
    expect((await get('c')).access.state).toBe('closed');
  });

  it('suspends nothing where a line was refused, of which it may be', async () => {
    await put(list);
    const wrong = reconcile([sub('a', { tariff: 'none' })], { suspendExtra: true });
    expect(await wrong).toMatchObject({ refused: 1, extra: 2, suspended: 0 });
  });

  it('with a list without subscriptions is refused', async () => {
    await put(list);
    await expect(reconcile([], { suspendExtra: true })).rejects.toMatchObject({ code: 'invalid' });
    await expect(reconcile([dev('a', 0)])).rejects.toMatchObject({ code: 'invalid' });
  });
});
