import {
  chmodSync,
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
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../common/clock.ts';
import { openRig, type Rig } from '../../test/unit/books/rig.ts';
import { storeInventory } from '../store/inventory.ts';
import { openStore, type Store } from '../store/store.ts';
import { openVault } from './data-keys.ts';
import type { EnvelopeStore } from './envelope.ts';
import { envelopeCredential, envelopeFile } from './envelope-file.ts';
import { createKeys } from './keys.ts';
import { sealedColumns, Vault } from './vault.ts';

let directory: string;
let keyPath: string;
let rig: Rig | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-vault-'));
  keyPath = join(directory, 'envelope.key');
});
afterEach(async () => {
  await rig?.books.close();
  rig = undefined;
  rmSync(directory, { recursive: true });
});

const path = () => join(directory, 'turnpike.db');
const open = async (envelope: EnvelopeStore = envelopeFile(keyPath)) => {
  rig = await openRig({ path: path(), envelope });
  return rig;
};
const close = async () => {
  await rig?.books.close();
  rig = undefined;
};

/** Books with one of each secret. */
async function stocked() {
  const { books, ...rest } = await open();
  await rest.node('a');
  const subscription = await rest.subscription();
  const { device } = await books.catalogue.addDevice({ subscription });
  const { address4 } = (await books.catalogue.addDevice({ subscription, hardwareId: 'board 1' })).device;
  const { webhook, secret: first } = await books.webhooks.add({ url: 'http://127.0.0.1:9/', types: null });
  const { secret } = await books.webhooks.rotate(webhook.id);
  const named = { subscription };
  const request = { actor: { id: 'socket' }, method: 'POST', route: '/v1/x', named };
  await books.audit.done(request, 200, []);
  await (await rest.node('b')).hello();
  const { device: settings } = await books.catalogue.getClientSettings(device.id, 'a');
  return { device: device.id, secrets: [settings.presharedKey, first, secret], subscription, address4 };
}

/** What the sealed columns say, read as whatever needs them reads it. */
async function whatIsKept({ device, subscription }: { device: string; subscription: string }) {
  const { books } = await open();
  const { presharedKey } = (await books.catalogue.getClientSettings(device, 'a')).device;
  const [entry] = await books.audit.list();
  const again = await books.catalogue.addDevice({ subscription, hardwareId: 'board 1' });
  const { address4 } = again.device;
  return { presharedKey, subject: entry?.subject, address4, status: await books.keys.status() };
}

describe('secrets at rest', () => {
  it('are in no byte beside the database, in no form', async () => {
    const { secrets } = await stocked();
    await close();
    const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
    expect(files.some((bytes) => bytes.includes('customer 1'))).toBe(true);
    for (const secret of secrets) {
      const raw = Buffer.from(secret.replace('whsec_', ''), 'base64');
      for (const form of [secret, raw, raw.toString('hex')]) {
        expect(files.some((bytes) => bytes.includes(form))).toBe(false);
      }
    }
  });

  it('cannot be read in another row or column, nor when a bit is another', () => {
    const vault = new Vault([{ number: 1, bytes: new Uint8Array(32) }]);
    const sealed = vault.seal('devices.preshared_key', 'dev_1', 'secret');
    expect(vault.open('devices.preshared_key', 'dev_1', sealed)).toBe('secret');
    expect(() => vault.open('devices.preshared_key', 'dev_2', sealed)).toThrow(/cannot be decrypted/);
    expect(() => vault.open('webhooks.secret', 'dev_1', sealed)).toThrow(/cannot be decrypted/);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => vault.open('devices.preshared_key', 'dev_1', changed)).toThrow();
    }
  });

  it("a preshared key that was put into another device's row is refused", async () => {
    const { device, subscription } = await stocked();
    const other = await rig?.device(subscription);
    await close();
    const database = new DatabaseSync(path());
    const at = 'SELECT preshared_key FROM devices WHERE id = ?';
    database.prepare(`UPDATE devices SET preshared_key = (${at}) WHERE id = ?`).run(device, other ?? '');
    database.close();
    const { books } = await open();
    await expect(books.catalogue.getClientSettings(other ?? '', 'a')).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringContaining('devices.preshared_key'),
    });
  });

  it('are those that the inventory says are encrypted', () => {
    const declared = Object.entries(storeInventory).flatMap(([table, fields]) =>
      Object.entries(fields as Record<string, { encrypted?: true }>)
        .filter(([, field]) => field.encrypted)
        .map(([column]) => `${table}.${column}`),
    );
    expect(declared.sort()).toEqual([...Object.keys(sealedColumns), 'data_keys.wrapped'].sort());
  });
});

describe('the envelope key', () => {
  const refused = (message: RegExp, remedy: RegExp) => ({
    code: 'environment',
    message: expect.stringMatching(message),
    remedy: expect.stringMatching(remedy),
  });

  it('is made at the first start, for its owner alone', async () => {
    await open();
    expect(statSync(keyPath).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyPath, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('that is missing, another, readable by others or none is refused, and nothing is changed', async () => {
    await stocked();
    await close();
    const key = readFileSync(keyPath);
    const before = readFileSync(path());
    const envelope = keyIdOf(path());
    rmSync(keyPath);
    await expect(open()).rejects.toMatchObject(
      refused(/is missing: there is no .*envelope.key/, /put it back/),
    );
    expect(readdirSync(directory)).not.toContain('envelope.key');
    writeFileSync(keyPath, 'ab'.repeat(32), { mode: 0o600 });
    await expect(open()).rejects.toMatchObject(
      refused(new RegExp(`under envelope key ${envelope}`), /put back key/),
    );
    writeFileSync(keyPath, 'short');
    await expect(open()).rejects.toMatchObject(refused(/32 bytes in hex/, /openssl rand/));
    writeFileSync(keyPath, key);
    chmodSync(keyPath, 0o640);
    await expect(open()).rejects.toMatchObject(refused(/others may read the envelope key/, /chmod 600/));
    chmodSync(keyPath, 0o600);
    expect(readFileSync(path()).equals(before)).toBe(true);
    await open();
  });

  it('from systemd is never made, and one that is replaced there opens what the former one closed', async () => {
    const at = join(directory, 'turnpike');
    await expect(open(envelopeCredential(at))).rejects.toMatchObject(
      refused(/no credential turnpike/, /LoadCredential/),
    );
    writeFileSync(at, '01'.repeat(32), { mode: 0o400 });
    const { books } = await open(envelopeCredential(at));
    const before = await books.keys.status();
    await close();
    rmSync(at);
    writeFileSync(at, '02'.repeat(32), { mode: 0o400 });
    await expect(open(envelopeCredential(at))).rejects.toMatchObject(
      refused(/under envelope key/, /put back/),
    );
    writeFileSync(`${at}.former`, '01'.repeat(32), { mode: 0o400 });
    const after = await (await open(envelopeCredential(at))).books.keys.status();
    expect(after.envelope).not.toBe(before.envelope);
    await close();
    rmSync(`${at}.former`);
    await open(envelopeCredential(at));
  });
});

describe('a rotation', () => {
  it('puts all secrets under another data key and envelope key', async () => {
    const sold = await stocked();
    const before = await rig?.books.keys.status();
    const files = vi.fn(async () => {});
    const after = await rig?.books.keys.rotate(files);
    expect(files).toHaveBeenCalledOnce();
    expect(after).toMatchObject({ unfinished: false, former: [before?.envelope] });
    await close();
    expect(underWhat(path())).toEqual(new Set([2]));
    // The former envelope key is not needed for the database any more.
    rmSync(`${keyPath}.${before?.envelope}`);
    expect(await whatIsKept(sold)).toMatchObject({ presharedKey: sold.secrets[0] });
  });

  it('that cannot write another key leaves everything as it was, and no second copy of the key', async () => {
    await stocked();
    const before = readFileSync(keyPath, 'utf8');
    mkdirSync(`${keyPath}.new`);
    await expect(rig?.books.keys.rotate(async () => {})).rejects.toMatchObject({
      code: 'environment',
      remedy: expect.stringContaining('disk not full'),
    });
    expect(readFileSync(keyPath, 'utf8')).toBe(before);
    expect(readdirSync(directory).filter((name) => name.startsWith('envelope.key.'))).toEqual([
      'envelope.key.new',
    ]);
    rmSync(`${keyPath}.new`, { recursive: true });
    expect((await rig?.books.keys.rotate(async () => {}))?.former).toHaveLength(1);
  });

  it('that is cut short at any point leaves everything readable, and is finished later', async () => {
    const sold = await stocked();
    let steps = 0;
    for (let lasts = 0; ; lasts++) {
      await close();
      // Each thing that is made durable on the way counts; after so many of them the process is gone.
      let left = lasts;
      const alive = () => {
        left -= 1;
        if (left < 0) throw new Error('killed');
      };
      const real = envelopeFile(keyPath);
      const mortal: EnvelopeStore = {
        ...real,
        replace: async () => {
          alive();
          const key = await real.replace();
          alive();
          return key;
        },
      };
      const outcome = await rotateMortally(mortal, alive).then(
        () => 'done',
        (error: Error) => error.message,
      );
      expect(['done', 'killed']).toContain(outcome);
      expect(await whatIsKept(sold)).toMatchObject({
        presharedKey: sold.secrets[0],
        subject: { subscription: sold.subscription },
        address4: sold.address4,
      });
      await rig?.books.keys.finish(async () => {});
      expect(await rig?.books.keys.status()).toMatchObject({ unfinished: false });
      steps = lasts;
      if (outcome === 'done') break;
    }
    await close();
    expect(underWhat(path()).size).toBe(1);
    expect(steps).toBeGreaterThan(10);
  }, 20_000);
});

/** `alive` is asked before and after each transaction, and throws once the process is gone. */
async function rotateMortally(envelope: EnvelopeStore, alive: () => void): Promise<void> {
  const store = await openStore(path());
  try {
    const vault = await store.transaction((tx) => openVault(tx, envelope, 0));
    const mortal: Store = {
      ...store,
      transaction: async (work) => {
        alive();
        const result = await store.transaction(work);
        alive();
        return result;
      },
    };
    const keys = createKeys({ store: mortal, vault, envelope, clock: systemClock });
    await keys.rotate(async () => alive());
  } finally {
    await store.close();
  }
}

function keyIdOf(at: string): string {
  const database = new DatabaseSync(at, { readOnly: true });
  const row = database.prepare('SELECT envelope FROM data_keys').get();
  database.close();
  return String(row?.['envelope']);
}

/** Numbers of the data keys under which the sealed columns are. */
function underWhat(at: string): Set<number> {
  const database = new DatabaseSync(at, { readOnly: true });
  const numbers = Object.keys(sealedColumns).flatMap((field) => {
    const [table, column] = field.split('.');
    return database
      .prepare(`SELECT ${column} AS sealed FROM ${table} WHERE ${column} IS NOT NULL`)
      .all()
      .map(({ sealed }) => Buffer.from(sealed as Uint8Array).readUInt32BE(0));
  });
  database.close();
  expect(numbers.length).toBeGreaterThanOrEqual(6);
  return new Set(numbers);
}
