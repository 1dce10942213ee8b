import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { createLogger } from '../../common/log.ts';
import { openRig, type Rig, sha256 } from '../../test/unit/books/rig.ts';
import { apiOn } from '../../test/unit/north-api.ts';
import { envelopeFile } from '../vault/envelope-file.ts';
import { removalsName } from './removals.ts';
import { restoreBackup } from './restore.ts';
import { backupName } from './shelf.ts';

let directory: string;
let rig: Rig;
let logged: { level: number; msg: string }[];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-known-'));
  logged = [];
  for (const machine of ['old', 'new']) mkdirSync(join(directory, machine));
  rig = await open('old');
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

const at = (machine: string) => ({
  path: join(directory, machine, 'turnpike.db'),
  envelope: envelopeFile(join(directory, machine, 'envelope.key')),
});
const shelf = () => join(directory, 'mount', 'backups');
const open = (machine: string, path = at(machine).path, change: object = {}) =>
  openRig({
    ...{ path, envelope: at(machine).envelope },
    backups: { directory: shelf(), keepDays: 30, ...change },
    log: createLogger('test', 'info', { write: (line) => void logged.push(JSON.parse(line)) }),
  });

/** The disk as it is when it is mounted, and what is in its place when it is not. */
const disk = () => join(directory, 'disk');
const unmounted = {
  missing: () => renameSync(shelf(), disk()),
  empty: () => {
    renameSync(shelf(), disk());
    mkdirSync(shelf());
  },
  'not to be made': () => {
    renameSync(shelf(), disk());
    rmSync(join(directory, 'mount'), { recursive: true });
    writeFileSync(join(directory, 'mount'), '');
  },
};
function mount(): void {
  rmSync(join(directory, 'mount'), { recursive: true });
  mkdirSync(join(directory, 'mount'));
  renameSync(disk(), shelf());
}

const { privacy, backups, apiKeys, catalogue } = {
  privacy: () => rig.books.privacy,
  backups: () => rig.books.backups,
  apiKeys: () => rig.books.apiKeys,
  catalogue: () => rig.books.catalogue,
};
const backUp = async () => (await backups().create(async () => ({}))).name;
const away = async () => (await backups().away()).map(({ name }) => name);
const receiptOf = async (id: string) => (await privacy().receipt(id)).receipt;
const warnings = () =>
  logged.filter(({ level, msg }) => level === 40 && msg.includes('not in their directory'));
const erase = async (reference: string) => {
  await catalogue().addAccount({ reference });
  return (await privacy().settleErasure(await privacy().erase(reference))).receipt;
};

/** On the new machine. */
async function restoreOn(file: string) {
  const restored = await restoreBackup({
    ...{ file, withoutRemovals: false },
    ...{ storePath: at('new').path, envelope: at('new').envelope },
    open: async (path) => {
      rig = await open('new', path);
      return rig.books;
    },
  });
  rig = await open('new');
  return restored;
}

/** One round of the task. */
async function tidy(): Promise<void> {
  const stop = new AbortController();
  const round = rig.books.backupTask(async () => ({})).run(stop.signal, () => {});
  stop.abort();
  await round;
}

it.each(Object.keys(unmounted) as (keyof typeof unmounted)[])(
  'while the directory is %s, an erasure is not said to be done again by a backup; it is, once the list is beside that',
  async (how) => {
    await catalogue().addAccount({ reference: 'a' });
    await apiKeys().add({ name: 'k', scopes: ['read'], hash: sha256('k') });
    const name = await backUp();
    rig.clock.pass(60_000);
    expect(await away()).toEqual([]);
    unmounted[how]();
    const { receipt } = await privacy().settleErasure(await privacy().erase('a'));
    expect(receipt).toMatchObject({ complete: false, backups: [{ name, erasedAgain: false }] });
    const text = receipt.notCovered.join('\n');
    expect(text).toMatch(new RegExp(`backup ${name}, .*; restored, it brings this back`));
    expect(text).toMatch(/is its disk mounted\?.*ask for this receipt again/i);
    expect(text).not.toContain('it is erased again');
    await apiKeys().remove('k');
    expect(await backups().keepRemovals()).toEqual([expect.stringContaining(name)]);
    expect(await away()).toEqual([name]);
    expect(warnings()).toMatchObject([{ backups: [name] }]);

    // As it was: the list in it knows nothing of the erasure.
    mount();
    const stale = await receiptOf(receipt.id);
    expect(stale).toMatchObject({ complete: false, backups: [{ name, erasedAgain: false }] });
    expect(await away()).toEqual([]);
    await tidy();
    const now = await receiptOf(receipt.id);
    expect(now).toMatchObject({ complete: true, backups: [{ name, erasedAgain: true }] });
    expect(now.notCovered.join('\n')).toMatch(new RegExp(`backup ${name}, .*; restored, it is erased again`));
    expect(now.notCovered.join('\n')).not.toContain('brings this back');
    expect(await backups().keepRemovals()).toEqual([]);

    await rig.books.close();
    copyFileSync(at('old').envelope.place, at('new').envelope.place);
    const { removed } = await restoreOn(join(shelf(), name));
    expect(removed).toMatchObject({ accounts: 1, apiKeys: ['k'] });
  },
);

it('of backups that are not there, what they need is kept until their time is over, and they may be forgotten before', async () => {
  const first = await backUp();
  rig.clock.pass(dayMs);
  const second = await backUp();
  const { former } = await rig.books.keys.rotate(async () => {});
  await apiKeys().add({ name: 'k', scopes: ['read'], hash: sha256('k') });
  unmounted.empty();
  await tidy();
  expect(await away()).toEqual([first, second]);
  expect((await rig.books.keys.status()).former).toEqual(former);
  const { id } = await erase('b');
  expect((await receiptOf(id)).backups.map(({ name }) => name)).toEqual([first, second]);
  await backups().forget(first);
  await expect(backups().forget(first)).rejects.toMatchObject({ code: 'not_found' });
  await expect(backups().forget('no backup')).rejects.toMatchObject({ code: 'not_found' });
  expect((await receiptOf(id)).backups.map(({ name }) => name)).toEqual([second]);
  rig.clock.pass(30 * dayMs - 1);
  await tidy();
  expect(await away()).toEqual([second]);
  rig.clock.pass(2);
  await tidy();
  expect(await away()).toEqual([]);
  expect((await rig.books.keys.status()).former).toEqual([]);
  expect(await receiptOf(id)).toMatchObject({ complete: true, backups: [] });
  expect(await backups().keepRemovals()).toEqual([]);
});

it('a backup that is not there and is kept longer than was to be expected brings nothing back, either', async () => {
  await apiKeys().add({ name: 'k', scopes: ['read'], hash: sha256('k') });
  const name = await backUp();
  rig.clock.pass(1000);
  await apiKeys().remove('k');
  unmounted.missing();
  await tidy();
  await rig.books.close();
  const now = rig.clock.now();
  rig = await open('old', undefined, { keepDays: 60 });
  rig.clock.pass(now - rig.clock.now() + 40 * dayMs);
  await tidy();
  expect(await away()).toEqual([name]);
  mount();
  await tidy();
  await rig.books.close();
  copyFileSync(at('old').envelope.place, at('new').envelope.place);
  expect((await restoreOn(join(shelf(), name))).removed).toMatchObject({ apiKeys: ['k'] });
});

it('one that is there is not forgotten; one that was put there is known', async () => {
  const name = await backUp();
  await expect(backups().forget(name)).rejects.toMatchObject({ code: 'conflict' });
  const other = backupName(rig.clock.now() - dayMs);
  copyFileSync(join(shelf(), name), join(shelf(), other));
  await backups().keepRemovals();
  rmSync(join(shelf(), other));
  expect(await away()).toEqual([other]);
  expect(warnings()).toEqual([]);
  await backups().keepRemovals();
  await backups().keepRemovals();
  expect(warnings()).toHaveLength(1);
});

it('a backup whose list is gone, or is none, is not said to be erased again', async () => {
  const name = await backUp();
  const { id, ...receipt } = await erase('a');
  expect(receipt).toMatchObject({ complete: true, backups: [{ name, erasedAgain: true }] });
  writeFileSync(join(shelf(), removalsName), 'age');
  expect(await receiptOf(id)).toMatchObject({ complete: false, backups: [{ erasedAgain: false }] });
  expect(await privacy().receipts()).toMatchObject([{ complete: false, backups: [{ erasedAgain: false }] }]);
  rmSync(join(shelf(), removalsName));
  expect(await receiptOf(id)).toMatchObject({ complete: false, backups: [{ erasedAgain: false }] });
});

it('the backup that was restored is known, also where it is not in the directory of that machine', async () => {
  const name = await backUp();
  unmounted.missing();
  await rig.books.close();
  copyFileSync(at('old').envelope.place, at('new').envelope.place);
  await restoreOn(join(disk(), name));
  expect(await away()).toEqual([name]);
  expect(await erase('a')).toMatchObject({ complete: false, backups: [{ name, erasedAgain: false }] });
});

it('the health of the controller and the list of backups name those that are not there', async () => {
  const api = await apiOn(rig, 'socket');
  const get = async (url: string) => (await api.inject({ url })).json();
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [], removalsWritten: true });
  const name = await backUp();
  unmounted.missing();
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [name], removalsWritten: true });
  expect(await get('/v1/backups')).toMatchObject({ items: [], away: [{ name }] });
  expect(await backups().keepRemovals()).toHaveLength(1);
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [name], removalsWritten: true });
  // It is back, and the list in it as it was.
  mount();
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [], removalsWritten: false });
  await tidy();
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [], removalsWritten: true });
  unmounted.missing();
  await backups().keepRemovals();
  const forgotten = await api.inject({ method: 'POST', url: `/v1/backups/${name}/forget` });
  expect(forgotten.json()).toEqual({ name });
  expect(await get('/v1/health')).toMatchObject({ backupsAway: [], removalsWritten: true });
  await api.close();
});

it('a backup of a time that is to come does not stand in the way of the next one, and receipts name it', async () => {
  const ahead = backupName(rig.clock.now() + 40 * dayMs);
  renameSync(join(shelf(), await backUp()), join(shelf(), ahead));
  await rig.books.close();
  rig = await open('old', undefined, { everyHours: 24 });
  await tidy();
  expect(readdirSync(shelf()).filter((name) => name.endsWith('.backup'))).toHaveLength(2);
  expect((await erase('a')).backups).toMatchObject([{}, { name: ahead }]);
});
