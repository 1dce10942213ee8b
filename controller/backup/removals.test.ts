import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { openRig, type Rig, sha256, TestNode } from '../../test/unit/books/rig.ts';
import { apiOn } from '../../test/unit/north-api.ts';
import { envelopeFile } from '../vault/envelope-file.ts';
import { hashOfAccount, hashOfSecret, type Removals, readRemovals, removalsName } from './removals.ts';
import { type Restored, restoreBackup } from './restore.ts';

let directory: string;
let rig: Rig;
let machine: number;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-removals-'));
  machine = 0;
  mkdirSync(join(directory, '0'));
  mkdirSync(shelf());
  rig = await open();
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

const shelf = () => join(directory, 'backups');
const list = () => join(shelf(), removalsName);
const at = (name: string) => join(directory, String(machine), name);
const envelope = () => envelopeFile(at('envelope.key'));
const open = (path = at('turnpike.db')) =>
  openRig({ path, envelope: envelope(), backups: { directory: shelf(), keepDays: 30 } });

const backUp = async () => (await rig.books.backups.create(async () => ({}))).name;
const hash = (text: string) => sha256(text);
const use = (text: string) => rig.books.apiKeys.use(hash(text));
const keep = () => rig.books.backups.keepRemovals();

async function addKey(name: string): Promise<void> {
  await rig.books.apiKeys.add({ name, scopes: ['read'], hash: hash(`${name} 1`), budgetBytes: 1000n });
}
const rotate = (key: string, to: string, overlapSeconds: number) =>
  rig.books.apiKeys.rotate(key, { hash: hash(to), overlapSeconds });

async function readList(): Promise<Removals> {
  const { current } = await envelope().load();
  return readRemovals(current === undefined ? [] : [current], list());
}

/** On another machine, with the key and what is on the shelf; the clock goes on. */
async function restore(name: string, { within = async () => {} } = {}): Promise<Restored> {
  await rig.books.close();
  const key = at('envelope.key');
  const now = rig.clock.now();
  machine += 1;
  mkdirSync(join(directory, String(machine)));
  copyFileSync(key, at('envelope.key'));
  const restored = await restoreBackup({
    ...{
      file: join(shelf(), name),
      withoutRemovals: false,
      storePath: at('turnpike.db'),
      envelope: envelope(),
    },
    open: async (path) => {
      rig = await open(path);
      rig.clock.pass(now - rig.clock.now());
      await within();
      return rig.books;
    },
  });
  rig = await open();
  rig.clock.pass(now - rig.clock.now());
  return restored;
}

describe('an API key', () => {
  it('that was removed since the backup is refused after a restore, whatever secret it had', async () => {
    await addKey('leaked');
    await addKey('good');
    const name = await backUp();
    await rotate('leaked', 'leaked 2', 3600);
    await rig.books.apiKeys.remove('leaked');
    await keep();
    expect(await restore(name)).toMatchObject({ removed: { apiKeys: ['leaked'], toRotate: [] } });
    expect(await use('leaked 1')).toBeUndefined();
    expect(await use('leaked 2')).toBeUndefined();
    expect(await use('good 1')).toMatchObject({ name: 'good' });
    expect((await rig.books.apiKeys.list()).map((key) => key.name)).toEqual(['good']);
  });

  it('that was rotated since is refused, and keeps its place until it is rotated again', async () => {
    await addKey('bot');
    const name = await backUp();
    await rotate('bot', 'bot 2', 0);
    await keep();
    expect(await restore(name)).toMatchObject({ removed: { apiKeys: [], toRotate: ['bot'] } });
    expect(await use('bot 1')).toBeUndefined();
    expect(await use('bot 2')).toBeUndefined();
    expect(await rig.books.catalogue.getStatus()).toMatchObject({ keysToRotate: ['bot'] });
    expect(await rig.books.apiKeys.get('bot')).toMatchObject({ toRotate: true, budgetBytes: 1000n });
    await rotate('bot', 'bot 3', 3600);
    expect(await use('bot 3')).toMatchObject({ name: 'bot', toRotate: false });
    expect(await use('bot 1')).toBeUndefined();
    expect(await rig.books.catalogue.getStatus()).toMatchObject({ keysToRotate: [] });
  });

  it('whose rotation overlaps goes on to the end of that, and not beyond', async () => {
    await addKey('bot');
    const name = await backUp();
    await rotate('bot', 'bot 2', 3600);
    await keep();
    rig.clock.pass(1800_000);
    expect(await restore(name)).toMatchObject({ removed: { toRotate: ['bot'] } });
    expect(await use('bot 1')).toMatchObject({ name: 'bot', toRotate: true });
    await rotate('bot', 'bot 3', 86_400);
    expect(await use('bot 1')).toMatchObject({ name: 'bot' });
    rig.clock.pass(1800_000);
    expect(await use('bot 1')).toBeUndefined();
    expect(await use('bot 3')).toMatchObject({ name: 'bot' });
  });

  it('whose overlap was over or cut short since the backup does not get it again', async () => {
    await addKey('cut');
    await addKey('over');
    await rotate('cut', 'cut 2', 86_400);
    const name = await backUp();
    await rotate('cut', 'cut 3', 86_400);
    await rotate('over', 'over 2', 60);
    await keep();
    rig.clock.pass(61_000);
    expect(await restore(name)).toMatchObject({ removed: { toRotate: ['cut', 'over'] } });
    for (const gone of ['cut 1', 'over 1', 'over 2'])
      expect([gone, await use(gone)]).toEqual([gone, undefined]);
    expect(await use('cut 2')).toMatchObject({ name: 'cut' });
  });

  it('is on the list by nothing that is stored of it', async () => {
    await addKey('bot');
    await backUp();
    await rotate('bot', 'bot 2', 0);
    await keep();
    const text = JSON.stringify(await readList());
    expect(text).toContain(hashOfSecret(hash('bot 1')));
    for (const stored of ['bot', Buffer.from(hash('bot 1')).toString('hex')])
      expect(text).not.toContain(stored);
  });
});

describe('a node', () => {
  it('that was removed since the backup is refused, also with a certificate that the backup does not know', async () => {
    const [stolen, kept] = [await rig.node('stolen'), await rig.node('kept')];
    const name = await backUp();
    const renewed = { serial: 'renewed', der: new Uint8Array(), notAfter: 9 };
    await rig.books.identities.renewed(stolen.identity, renewed, stolen.serial);
    const since = await rig.node('since');
    for (const node of ['stolen', 'since']) await rig.books.catalogue.removeNode(node);
    await keep();
    // Of the one that is gone nothing is waited for.
    expect(await restore(name)).toMatchObject({
      awaited: ['kept'],
      removed: { nodes: ['stolen'], toJoin: [] },
    });
    const standing = ({ identity }: TestNode, serial: string) =>
      rig.books.identities.standing(identity, { serial, notAfter: 9 });
    expect(await standing(stolen, stolen.serial)).toBe('revoked');
    expect(await standing(stolen, 'renewed')).toBe('revoked');
    expect(await standing(since, since.serial)).toBe('revoked');
    expect(await standing(kept, kept.serial)).toBe('valid');
    expect(await standing(kept, 'renewed since')).toBe('unknown');
    await expect(stolen.with(rig.books).sync()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await rig.books.catalogue.listNodes()).map((node) => node.name)).toEqual(['kept']);
  });

  it('that joined anew since, or was quarantined, must join anew: under a number that no machine ever had', async () => {
    const [a, b] = [await rig.node('a'), await rig.node('b')];
    const name = await backUp();
    const second = await TestNode.enrol(rig.books, 'a');
    const third = await TestNode.enrol(rig.books, 'a');
    await rig.books.identities.quarantine(b.identity);
    // Written by itself: whoever joins does not come by the API.
    expect(await restore(name)).toMatchObject({ awaited: [], removed: { nodes: [], toJoin: ['a', 'b'] } });
    const standing = ({ identity, serial }: TestNode) =>
      rig.books.identities.standing(identity, { serial, notAfter: 0 });
    for (const node of [a, b, second]) expect(await standing(node)).toBe('revoked');
    expect(await standing(third)).toBe('unknown');
    expect((await rig.books.catalogue.listNodes()).map(({ state }) => state)).toEqual([
      'quarantined',
      'quarantined',
    ]);
    const anew = await TestNode.enrol(rig.books, 'a');
    expect(anew.identity.incarnation).toBeGreaterThan(third.identity.incarnation);
    expect(await standing(anew)).toBe('valid');
  });

  it('is joined by no token of before a restore', async () => {
    await rig.node('a');
    const { token } = await rig.books.catalogue.createJoinToken('a');
    const name = await backUp();
    await restore(name);
    expect(await rig.books.identities.token(sha256(token))).toBeUndefined();
  });

  it('that was removed is let go by the hold, as whoever is removed after the restore', async () => {
    const node = await rig.node('a');
    await rig.device(await rig.subscription());
    const name = await backUp();
    await rig.books.catalogue.removeNode('a');
    await keep();
    await restore(name);
    expect(await rig.books.catalogue.getStatus()).toMatchObject({
      heldAt: expect.any(Number),
      awaitedNodes: [],
    });
    await expect(node.with(rig.books).hello()).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('an account', () => {
  const opened = 1;
  const restrict = (account: string) => rig.books.privacy.restrict(account, { reason: 'disputed' });
  const show = (account: string) => rig.books.catalogue.getAccount(account);
  const add = (reference: string) => rig.books.catalogue.addAccount({ reference });

  it('that was restricted since the backup is kept and not used after a restore, also by nodes that had it open', async () => {
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    await add('other');
    const node = await rig.node('a');
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(opened);
    const name = await backUp();
    rig.clock.pass(1000);
    const { restrictedAt } = await restrict('customer 1');
    await keep();
    rig.clock.pass(1000);
    expect(await restore(name)).toMatchObject({ removed: { restricted: 1, accounts: 0 } });
    expect(await show('customer 1')).toMatchObject({
      restrictedAt,
      suspendedAt: rig.clock.now(),
      suspensionReason: 'restricted before the restore',
    });
    expect(await show('other')).toMatchObject({ restrictedAt: null, suspendedAt: null });
    expect(await rig.books.catalogue.getStatus()).toMatchObject({ heldAt: expect.any(Number) });
    const now = node.with(rig.books);
    await now.sync();
    expect(now.devices.get(device)?.access).not.toBe(opened);
  });

  it('that was suspended in the backup is closed by its restriction, not held open', async () => {
    const subscription = await rig.subscription();
    const device = await rig.device(subscription);
    const node = await rig.node('a');
    await rig.books.catalogue.suspendAccount('customer 1', { reason: 'did not pay' });
    const name = await backUp();
    rig.clock.pass(1000);
    await rig.books.catalogue.resumeAccount('customer 1');
    await node.sync();
    expect(node.devices.get(device)?.access).toBe(opened);
    // The node hears nothing of it.
    await restrict('customer 1');
    await keep();
    await restore(name);
    const now = node.with(rig.books);
    await now.sync();
    expect(now.devices.get(device)?.access).not.toBe(opened);
  });

  it('that was freed again since is on the list no more, and one that the backup has restricted stays so', async () => {
    await add('between');
    await add('freed');
    await restrict('freed');
    const name = await backUp();
    rig.clock.pass(1000);
    await restrict('between');
    for (const account of ['between', 'freed']) await rig.books.privacy.unrestrict(account);
    await keep();
    expect((await readList()).removals).toEqual([]);
    expect(await restore(name)).toMatchObject({ removed: { restricted: 0 } });
    expect(await show('between')).toMatchObject({ restrictedAt: null });
    expect(await show('freed')).toMatchObject({ restrictedAt: expect.any(Number) });
  });

  it('that was freed and restricted anew is so since the second time', async () => {
    await add('twice');
    await restrict('twice');
    const name = await backUp();
    rig.clock.pass(1000);
    await rig.books.privacy.unrestrict('twice');
    const { restrictedAt } = await restrict('twice');
    await keep();
    expect(await restore(name)).toMatchObject({ removed: { restricted: 1 } });
    expect(await show('twice')).toMatchObject({ restrictedAt });
    await keep();
    expect((await readList()).removals).toMatchObject([{ kind: 'restriction', at: restrictedAt }]);
  });

  it('is on the list by a hash alone, and no more once it is erased', async () => {
    const { id } = await add('customer-4711');
    await backUp();
    await restrict('customer-4711');
    await keep();
    const { removals } = await readList();
    expect(removals).toMatchObject([{ kind: 'restriction', subject: hashOfAccount(id) }]);
    for (const trace of [id, 'customer-4711', 'disputed'])
      expect(JSON.stringify(removals)).not.toContain(trace);
    await rig.books.privacy.settleErasure(await rig.books.privacy.erase('customer-4711'));
    expect(await readList()).toMatchObject({ removals: [], erasures: [{ accounts: [hashOfAccount(id)] }] });
  });

  it('is on the disk, or off it, before its restriction or release is answered', async () => {
    await add('customer-4711');
    const api = await apiOn(rig, 'socket');
    await backUp();
    const post = async (verb: string, payload: object) =>
      (await api.inject({ method: 'POST', url: `/v1/accounts/customer-4711/${verb}`, payload })).json();
    expect(await post('restrict', { reason: 'x' })).toMatchObject({ notCovered: [] });
    expect((await readList()).removals).toMatchObject([{ kind: 'restriction' }]);
    expect(await post('unrestrict', {})).toMatchObject({ restrictedAt: null });
    expect((await readList()).removals).toEqual([]);
    mkdirSync(`${list()}.new`);
    expect(await post('restrict', { reason: 'x' })).toMatchObject({
      notCovered: [expect.stringContaining('restricted')],
    });
    await api.close();
  });
});

describe('the list', () => {
  it('holds erasures and removals, and is applied whole', async () => {
    await rig.books.catalogue.addAccount({ reference: 'customer-4711' });
    await addKey('removed');
    await addKey('rotated');
    await rig.node('a');
    const name = await backUp();
    await rig.books.privacy.settleErasure(await rig.books.privacy.erase('customer-4711'));
    await rig.books.apiKeys.remove('removed');
    await rotate('rotated', 'rotated 2', 0);
    await rig.books.catalogue.removeNode('a');
    await keep();
    expect((await restore(name)).removed).toMatchObject({
      accounts: 1,
      nodes: ['a'],
      apiKeys: ['removed'],
      toRotate: ['rotated'],
    });
    expect(await rig.books.catalogue.listAccounts({})).toEqual([]);
  });

  it('goes on after a restore: for a backup that is older still', async () => {
    await addKey('first');
    await addKey('second');
    const older = await backUp();
    await rig.books.apiKeys.remove('first');
    rig.clock.pass(1000);
    const newer = await backUp();
    await rig.books.apiKeys.remove('second');
    await keep();
    expect(await restore(newer)).toMatchObject({ removed: { apiKeys: ['second'] } });
    await keep();
    expect(await restore(older)).toMatchObject({ removed: { apiKeys: ['first', 'second'] } });
    expect(await rig.books.apiKeys.list()).toEqual([]);
  });

  it('that is older than what was removed says of when it is', async () => {
    await addKey('bot');
    const name = await backUp();
    const writtenAt = rig.clock.now();
    const before = readFileSync(list());
    rig.clock.pass(1000);
    await rig.books.apiKeys.remove('bot');
    await keep();
    writeFileSync(list(), before);
    expect(await restore(name)).toMatchObject({ removed: { writtenAt, apiKeys: [] } });
  });

  it.each([
    [
      'changed in one byte',
      (bytes: Buffer) => bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1),
      /damaged/,
    ],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 100), /damaged/],
    ['in the clear', () => Buffer.from('{"format":"turnpike-removals-1"}'), /not a backup/],
  ])('is refused when it is %s, and nothing is restored', async (_what, change, message) => {
    const name = await backUp();
    writeFileSync(list(), change(readFileSync(list())));
    await expect(restore(name)).rejects.toMatchObject({
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/another copy of the list.*--without-removals/),
    });
    rig = await open();
    expect(await rig.books.catalogue.getStatus()).toMatchObject({ heldAt: null });
  });

  it('is refused when a backup lies in its place', async () => {
    const name = await backUp();
    copyFileSync(join(shelf(), name), list());
    await expect(restore(name)).rejects.toThrow(/no list of removals/);
    rig = await open();
  });

  it('is as it was when a restore is cut short, and that can be done again', async () => {
    await rig.books.catalogue.addAccount({ reference: 'customer-4711' });
    await addKey('bot');
    const name = await backUp();
    await rig.books.privacy.settleErasure(await rig.books.privacy.erase('customer-4711'));
    await rig.books.apiKeys.remove('bot');
    await keep();
    const before = readFileSync(list());
    const awaited = () => Promise.reject(new Error('cut short'));
    const cut = restore(name, {
      within: async () => void Object.assign(rig.books, { awaited }),
    });
    await expect(cut).rejects.toThrow('cut short');
    expect(readFileSync(list())).toEqual(before);
    rig = await open();
    expect(await restore(name)).toMatchObject({ removed: { accounts: 1, apiKeys: ['bot'] } });
  });

  it('forgets what no backup can hold any more, and nothing before', async () => {
    await addKey('bot');
    const name = await backUp();
    rig.clock.pass(1000);
    await rig.books.apiKeys.remove('bot');
    rig.clock.pass(30 * dayMs - 2000);
    await tidy();
    expect((await readList()).removals).toMatchObject([{ kind: 'api-key' }]);
    // Kept longer since: the backup of before is there still.
    await rig.books.close();
    const now = rig.clock.now();
    rig = await openRig({
      ...{ path: at('turnpike.db'), envelope: envelope(), backups: { directory: shelf(), keepDays: 60 } },
    });
    rig.clock.pass(now - rig.clock.now() + 10 * dayMs);
    await tidy();
    expect((await rig.books.backups.list()).map((one) => one.name)).toEqual([name]);
    expect((await readList()).removals).toHaveLength(1);
    rig.clock.pass(30 * dayMs);
    await tidy();
    expect(await rig.books.backups.list()).toEqual([]);
    expect((await readList()).removals).toEqual([]);
  });

  it('is on the disk before a removal is answered, or the answer says what is missing', async () => {
    await addKey('bot');
    await addKey('other');
    await rig.node('a');
    const api = await apiOn(rig, 'socket');
    const name = await backUp();
    const rotated = await api.inject({
      method: 'POST',
      url: '/v1/api-keys/bot/rotate',
      payload: { overlapSeconds: 0 },
    });
    expect(rotated.json()).toMatchObject({ apiKey: { name: 'bot' }, notCovered: [] });
    expect((await readList()).removals).toHaveLength(1);
    expect((await api.inject({ method: 'DELETE', url: '/v1/nodes/a' })).json()).toMatchObject({
      notCovered: [],
    });
    expect((await readList()).removals).toHaveLength(2);
    // A directory in its way, as a disk that takes nothing.
    mkdirSync(`${list()}.new`);
    const removed = await api.inject({ method: 'DELETE', url: '/v1/api-keys/other' });
    expect(removed.statusCode).toBe(200);
    expect(removed.json()).toMatchObject({
      name: 'other',
      notCovered: [expect.stringContaining('list of removals')],
    });
    rmSync(`${list()}.new`, { recursive: true });
    await tidy();
    expect(await keep()).toEqual([]);
    expect(await restore(name)).toMatchObject({
      removed: { apiKeys: ['other'], toRotate: ['bot'], nodes: ['a'] },
    });
    await api.close();
  });

  it('is not made where there are no backups', async () => {
    await rig.books.close();
    rmSync(shelf(), { recursive: true });
    rig = await open();
    await addKey('bot');
    await rig.books.apiKeys.remove('bot');
    expect(await keep()).toEqual([]);
    expect(() => readFileSync(list())).toThrow('ENOENT');
  });
});

/** One round of the task. */
async function tidy(): Promise<void> {
  const stop = new AbortController();
  const round = rig.books.backupTask(async () => ({})).run(stop.signal, () => {});
  stop.abort();
  await round;
}
