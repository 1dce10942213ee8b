import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, type TestNode } from '../../test/unit/books/rig.ts';

let directory: string;
let rig: Rig;
let here: TestNode;
let away: TestNode;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'turnpike-erase-'));
  rig = await openRig({ path: join(directory, 'turnpike.db') });
  here = await rig.node('here');
  away = await rig.node('away');
  await rig.node('retired');
  await rig.books.catalogue.addTariff({
    name: 'small',
    volumeBytes: 10_000n,
    maxDevices: 3,
    durationDays: 30,
    thresholds: [50],
  });
  await rig.books.webhooks.add({ url: 'http://127.0.0.1:9/', types: null });
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

interface Customer {
  readonly account: string;
  readonly subscription: string;
  readonly device: string;
  /** All by which the customer could be known. */
  readonly traces: readonly string[];
}

/** Sells to a customer whatever leaves a row somewhere. */
async function sell(reference: string): Promise<Customer> {
  const { catalogue, audit, changes } = rig.books;
  const { id: account } = await catalogue.addAccount({ reference });
  const { id: subscription } = await catalogue.createSubscription({ account, tariff: 'small' });
  const hardwareId = `hardware of ${reference}`;
  const { device } = await catalogue.addDevice({ subscription, label: `phone of ${reference}` });
  const { device: gone } = await catalogue.addDevice({ subscription, hardwareId });
  const { device: again } = await catalogue.addDevice({ subscription, hardwareId });
  await catalogue.addDevice({ subscription });
  await catalogue.addDevice({ subscription }).catch(() => {});
  await here.sync();
  await here.presence(device.id, { connected: true });
  await here.report({ [device.id]: [6000n, 0n] });
  const paid = { reason: `asked by ${reference}`, reference: `invoice of ${reference}` };
  const pack = await catalogue.topUp(subscription, { bytes: 2000n, ...paid });
  await catalogue.renewSubscription(subscription, { reference: `renewal of ${reference}` });
  await catalogue.suspendAccount(account, { reason: `${reference} did not pay` });
  const named = { account, subscription, device: device.id };
  const done = () => audit.done({ actor: { id: 'socket' }, method: 'POST', route: '/v1/x', named }, 200, []);
  const answer = { status: 200, body: { reference, subscription } };
  await changes.make({ caller: 'key_1', secret: 's', key: reference, request: {} }, async () => answer, done);
  await look('webhooks');
  const ids = [account, subscription, device.id, gone.id, again.id, pack.id];
  const keys = [device.publicKey, again.publicKey].flatMap((key) => key ?? []);
  return { account, subscription, device: device.id, traces: [reference, ...keys, ...ids] };
}

/** One turn of a task. */
async function look(name: string): Promise<void> {
  const stop = new AbortController();
  const looked = rig.books.tasks.find((task) => task.name === name)?.run(stop.signal, () => {});
  stop.abort();
  await looked;
}

/** Which of them are in any byte beside the database. */
function found(traces: readonly string[]): string[] {
  const files = readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  return traces.filter((trace) => files.some((bytes) => bytes.includes(trace)));
}

async function erase(reference: string, scope = {}) {
  const id = await rig.books.privacy.erase(reference, scope);
  await here.sync();
  return rig.books.privacy.settleErasure(id);
}

describe('an erased account', () => {
  it('is in no byte of the database any more, once every node has erased it', async () => {
    const customer = await sell('customer-4711');
    await away.sync();
    await away.disconnect();
    expect(found(customer.traces)).toEqual(customer.traces);
    const { receipt } = await erase('customer-4711');
    expect(receipt).toMatchObject({
      accounts: 1,
      subscriptions: 1,
      devices: 4,
      databaseClean: true,
      complete: false,
      nodes: [
        { name: 'away', state: 'pending' },
        { name: 'here', state: 'erased' },
        { name: 'retired', state: 'pending' },
      ],
    });
    // Of the nodes that are off, one must be told of what.
    expect(found(customer.traces)).toEqual([customer.subscription]);
    await away.hello();
    await rig.books.catalogue.removeNode('retired');
    await look('erasures');
    expect(found(customer.traces)).toEqual([]);
    const later = await rig.books.privacy.receipt(receipt.id);
    expect(later.receipt).toMatchObject({ complete: true, databaseClean: true });
    expect(later.receipt.nodes.map(({ state }) => state)).toEqual(['erased', 'erased', 'retired']);
  });

  it('goes with those it is linked with, or alone', async () => {
    const { catalogue, privacy } = rig.books;
    for (const reference of ['a', 'b', 'c']) await catalogue.addAccount({ reference });
    await catalogue.linkAccounts('a', 'b');
    await catalogue.linkAccounts('b', 'c');
    await erase('a', { only: true });
    expect(await catalogue.getAccount('b')).toMatchObject({ linked: ['c'] });
    await erase('b');
    expect(await catalogue.listAccounts()).toEqual([]);
    await expect(privacy.erase('b')).rejects.toMatchObject({ code: 'not_found' });
    for (const reference of ['a', 'b']) await catalogue.addAccount({ reference });
    await catalogue.linkAccounts('a', 'b');
    await erase('a', { only: true });
    expect(await catalogue.getAccount('b')).toMatchObject({ linked: [] });
  });

  it('leaves the books of others as they were, and the audit log whole', async () => {
    const other = await sell('other');
    const books = async () => [
      await rig.books.catalogue.getUsage(other.subscription),
      await rig.books.catalogue.getSubscription(other.subscription),
      await rig.books.catalogue.getDevice(other.device),
    ];
    const before = await books();
    await sell('customer-4711');
    const { head } = await rig.books.audit.verify();
    await erase('customer-4711');
    expect(await books()).toEqual(before);
    expect(here.digest()).toEqual(await here.sync());
    expect(await rig.books.audit.verify(head)).toMatchObject({ whole: true });
    const [entry, earlier] = await rig.books.audit.list();
    expect(entry).toMatchObject({ erased: true, subject: {} });
    expect(earlier).toMatchObject({ erased: false, subject: { account: other.account } });
  });

  it('stays away: what a node still reports of it is not booked, and breaks nothing', async () => {
    const { device, subscription } = await sell('customer-4711');
    await rig.books.privacy.erase('customer-4711');
    await here.report({ [device]: [9000n, 0n] }, { [subscription]: { wanting: true, grantedBytes: 9000n } });
    expect(rig.books.figures().strangeEntries).toBeGreaterThan(0);
    expect(here.digest()).toEqual(await here.sync(0n));
    expect([...here.devices.keys()]).toEqual([]);
  });

  it('has a receipt that anybody can check', async () => {
    await sell('customer-4711');
    const { receipt, signature, publicKey } = await erase('customer-4711');
    const key = await importJWK({ ...publicKey, alg: 'EdDSA' });
    const { payload } = await compactVerify(signature, key);
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual(receipt);
    const [header, , proof] = signature.split('.');
    const forged = Buffer.from(JSON.stringify({ ...receipt, complete: true })).toString('base64url');
    await expect(compactVerify(`${header}.${forged}.${proof}`, key)).rejects.toThrow();
    expect(receipt.notCovered.join('\n')).toMatch(/node away has not erased yet/);
    expect(receipt.notCovered.join('\n')).toMatch(/backups .* is gone by 2026-12-22/);
    rig.clock.pass(31 * 24 * 3600_000);
    const { notCovered } = (await rig.books.privacy.receipt(receipt.id)).receipt;
    expect(notCovered.join('\n')).not.toContain('backups');
  });
});

describe('an export', () => {
  it('holds every row by which the customer could be known, and no secret', async () => {
    const customer = await sell('customer-4711');
    await sell('other');
    const copy = await rig.books.privacy.export('customer-4711');
    const text = JSON.stringify(copy);
    for (const trace of customer.traces) expect(text).toContain(trace);
    expect(text).not.toContain('other');
    const psk = Object.values(copy.tables['devices'] ?? []).map((row) => row['preshared_key']);
    expect(psk).toContain('kept, not shown');
    expect(copy.audit).toMatchObject([{ subject: { account: customer.account } }]);
    const empty = Object.entries(copy.tables).filter(([, rows]) => rows.length === 0);
    expect(empty.map(([table]) => table)).toEqual(['departures']);
  });
});
