import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dayMs } from '../../common/day.ts';
import { openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';
import { envelopeFile } from '../vault/envelope-file.ts';
import { openBackup } from './jobs.ts';
import { removalsName } from './removals.ts';
import { restoreBackup } from './restore.ts';

const files = async () => ({ 'ca.pem': 'the CA' });

let directory: string;
let rig: Rig;
let node: TestNode;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-backup-'));
  for (const machine of ['old', 'new']) mkdirSync(join(directory, machine));
  rig = await openRig(at('old'));
  node = await rig.node('a');
  await rig.books.catalogue.addTariff({ name: 'small', volumeBytes: 1_000_000n });
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

const at = (machine: string, name = 'turnpike.db') => ({
  path: join(directory, machine, name),
  envelope: envelopeFile(join(directory, machine, 'envelope.key')),
});
const shelf = (machine = 'old') => join(directory, machine, 'backups');

async function sell(reference: string) {
  const { catalogue } = rig.books;
  await catalogue.addAccount({ reference });
  const { id } = await catalogue.createSubscription({ account: reference, tariff: 'small' });
  return { id, device: await rig.device(id) };
}

/** The machine is lost; what is left is the shelf, and the key that was kept apart. */
async function moveToNewMachine(): Promise<void> {
  await rig.books.close();
  copyFileSync(at('old').envelope.place, at('new').envelope.place);
  rmSync(at('old').path);
}

function restore(name: string, options: { withoutRemovals?: boolean } = {}) {
  const { path: storePath, envelope } = at('new');
  return restoreBackup({
    file: join(shelf(), name),
    withoutRemovals: options.withoutRemovals ?? false,
    ...{ storePath, envelope },
    open: async (path) => {
      rig = await openRig({ path, envelope });
      return rig.books;
    },
  });
}

describe('a backup', () => {
  it('holds nothing that can be read without the envelope key, and is sound', async () => {
    const { device } = await sell('customer-4711');
    const { name, envelope } = await rig.books.backups.create(files);
    const bytes = readFileSync(join(shelf(), name));
    for (const text of ['customer-4711', device, 'SQLite format 3', 'the CA', 'CREATE TABLE']) {
      expect(bytes.includes(text)).toBe(false);
    }
    expect(await rig.books.backups.verify(name)).toMatchObject({ name, envelope });
    expect(readdirSync(shelf()).sort()).toEqual([removalsName, name]);
    expect(readdirSync(join(directory, 'old')).filter((one) => one.endsWith('.new'))).toEqual([]);
  });

  it('of which a byte is another is refused, wherever it is', async () => {
    const { name } = await rig.books.backups.create(files);
    const path = join(shelf(), name);
    const { current } = await at('old').envelope.load();
    const keys = current === undefined ? [] : [current];
    const bytes = readFileSync(path);
    for (const place of [0, 30, 60, 110, 150, 400, bytes.length >> 1, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      writeFileSync(path, changed);
      await expect(openBackup(keys, path)).rejects.toMatchObject({ code: 'environment' });
    }
    writeFileSync(path, bytes);
    expect((await openBackup(keys, path)).manifest).toMatchObject({
      format: 'turnpike-backup-1',
      files: { 'ca.pem': 'the CA' },
    });
  });

  it('of books that are not sound is not made', async () => {
    const { device } = await sell('a');
    await rig.books.close();
    const database = new DatabaseSync(at('old').path);
    database.prepare('UPDATE slots SET device_id = NULL, free_at = 0 WHERE device_id = ?').run(device);
    database.close();
    rig = await openRig(at('old'));
    await expect(rig.books.backups.create(files)).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringContaining('a device without addresses of its own'),
    });
    expect(readdirSync(shelf())).toEqual([]);
  });

  it('is kept for its days, and so are the keys that it needs; receipts name it until then', async () => {
    await sell('a');
    const before = await rig.books.backups.create(files);
    rig.clock.pass(dayMs);
    const { receipt } = await rig.books.privacy.settleErasure(await rig.books.privacy.erase('a'));
    expect(receipt.backups).toEqual([{ name: before.name, goneByAt: before.goneByAt, erasedAgain: true }]);
    expect(receipt.notCovered.join('\n')).toContain(`backup ${before.name}, which is gone by 2026-12-22`);
    const { former } = await rig.books.keys.rotate(async () => {});
    await tidy();
    expect((await rig.books.keys.status()).former).toEqual(former);
    expect(await rig.books.backups.verify(before.name)).toMatchObject({ envelope: former[0] });
    rig.clock.pass(29 * dayMs + 1);
    await tidy();
    expect(await rig.books.backups.list()).toEqual([]);
    expect((await rig.books.keys.status()).former).toEqual([]);
    expect((await rig.books.privacy.receipt(receipt.id)).receipt.backups).toEqual([]);
  });
});

/** One round of the task. */
async function tidy(): Promise<void> {
  const stop = new AbortController();
  const round = rig.books.backupTask(files).run(stop.signal, () => {});
  stop.abort();
  await round;
}

describe('on an empty machine', () => {
  it.skipIf(process.getuid?.() !== 0)('what root restores belongs to whose directory it is', async () => {
    const { name } = await rig.books.backups.create(files);
    await moveToNewMachine();
    chownSync(join(directory, 'new'), 4711, 4712);
    await restore(name);
    for (const file of ['turnpike.db', 'ca.pem', 'envelope.key']) {
      expect(statSync(join(directory, 'new', file)), file).toMatchObject({ uid: 4711, gid: 4712 });
    }
  });

  it('a backup that is not there is told of before what belongs to it', async () => {
    await moveToNewMachine();
    await expect(restore('no-such.backup')).rejects.toThrow('no-such.backup cannot be read: ENOENT');
    await expect(restore('..')).rejects.toMatchObject({
      message: expect.stringContaining('cannot be read: EISDIR'),
      remedy: expect.stringMatching(/one of the files in that directory/),
    });
  });

  it('a backup is restored with the envelope key alone: a new term, in which nodes keep what they have', async () => {
    const known = await sell('known');
    await node.report({ [known.device]: [1000n, 0n] });
    const { name, createdAt } = await rig.books.backups.create(files);
    const { device: since } = await sell('sold since');
    await node.sync();
    await moveToNewMachine();
    const restored = await restore(name);
    expect(restored).toMatchObject({
      createdAt,
      awaited: ['a'],
      removed: { accounts: 0, restricted: 0, nodes: [], apiKeys: [], toRotate: [], toJoin: [] },
    });
    expect(readFileSync(join(directory, 'new', 'ca.pem'), 'utf8')).toBe('the CA');
    rig = await openRig(at('new'));
    node = node.with(rig.books);
    await node.sync();
    expect([...node.devices.keys()].sort()).toEqual([known.device, since].sort());
    expect(await rig.books.catalogue.getStatus()).toMatchObject({
      heldAt: expect.any(Number),
      awaitedNodes: ['a'],
    });
    expect(await rig.books.catalogue.getUsage(known.id)).toMatchObject({ usedBytes: 1000n });
    // The preshared key is what it was: customers' configurations go on.
    await node.hello();
    expect((await rig.books.catalogue.getClientSettings(known.device, 'a')).device.presharedKey).toBe(
      Buffer.from(node.devices.get(known.device)?.presharedKey ?? []).toString('base64'),
    );
  });

  it('who was erased since is erased again, under the same receipt, in every byte', async () => {
    const { device } = await sell('customer-4711');
    await sell('other');
    const { name } = await rig.books.backups.create(files);
    const id = await rig.books.privacy.erase('customer-4711');
    await node.sync();
    await rig.books.privacy.settleErasure(id);
    await moveToNewMachine();
    expect(await restore(name)).toMatchObject({ removed: { accounts: 1 } });
    rig = await openRig(at('new'));
    node = node.with(rig.books);
    expect((await rig.books.privacy.receipt(id)).receipt).toMatchObject({ id, accounts: 1, devices: 1 });
    // The node is told once more, in case that it was off then.
    await node.sync();
    await rig.books.privacy.settleErasure(id);
    await rig.books.close();
    const left = readdirSync(join(directory, 'new')).map((one) => join(directory, 'new', one));
    const bytes = left.filter((one) => !one.endsWith('backups')).map((one) => readFileSync(one));
    expect(bytes.some((one) => one.includes('other'))).toBe(true);
    for (const trace of ['customer-4711', device])
      expect(bytes.some((one) => one.includes(trace))).toBe(false);
    rig = await openRig(at('new'));
  });

  it('nothing is restored beside a database, without its key, or without the list of removals unless told', async () => {
    await sell('a');
    const { name } = await rig.books.backups.create(files);
    const nothing = () =>
      expect(readdirSync(join(directory, 'new')).filter((one) => one.startsWith('turnpike'))).toEqual([]);
    await expect(restore(name)).rejects.toMatchObject({
      message: expect.stringContaining('envelope key is missing'),
    });
    nothing();
    writeFileSync(at('new').envelope.place, 'ab'.repeat(32), { mode: 0o600 });
    await expect(restore(name)).rejects.toMatchObject({
      message: expect.stringMatching(/under envelope key [0-9a-f]{16}/),
    });
    nothing();
    rmSync(at('new').envelope.place);
    await moveToNewMachine();
    rmSync(join(shelf(), removalsName));
    await expect(restore(name)).rejects.toMatchObject({
      message: expect.stringContaining('would come back unseen'),
      remedy: expect.stringContaining('--without-removals'),
    });
    nothing();
    expect(await restore(name, { withoutRemovals: true })).toMatchObject({ removed: undefined });
    await expect(restore(name, { withoutRemovals: true })).rejects.toMatchObject({ code: 'conflict' });
    rig = await openRig(at('new'));
  });
});
