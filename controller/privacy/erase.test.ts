import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactVerify, importJWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, runOnce, TestNode } from '../../test/unit/books/rig.ts';
import { addApiKey, apiOn } from '../../test/unit/north-api.ts';
import { listAudit } from '../audit/audit.ts';

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
  await rig.books.catalogue.addTariff({ name: 'small', volumeBytes: 10_000n, maxDevices: 2, thresholds: [50] });
  await rig.books.webhooks.add({ url: 'https://billing.example.net/', secret: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=' } as never);
});
afterEach(async () => {
  await rig.books.close();
  rmSync(directory, { recursive: true });
});

/** Sells to a customer whatever leaves a row somewhere. Gives all by which the customer could be known. */
async function sell(reference: string): Promise<{ account: string; subscription: string; traces: string[] }> {
  const { catalogue } = rig.books;
  const api = await apiOn(rig, 'socket');
  const post = async (url: string, payload: object, headers = {}) =>
    (await api.inject({ method: 'POST', url, payload, headers })).json();
  const account = (await post('/v1/accounts', { reference })).id;
  const subscription = (await post('/v1/subscriptions', { account, tariff: 'small' })).id;
  const label = `phone of ${reference}`;
  const device = (await post('/v1/devices', { subscription, label })).device;
  const gone = (await post('/v1/devices', { subscription, hardwareId: `hardware of ${reference}` })).device;
  const again = (await post('/v1/devices', { subscription, hardwareId: `hardware of ${reference}` })).device;
  await post('/v1/devices', { subscription });
  await here.sync();
  await here.presence(device.id, { connected: true });
  await here.report({ [device.id]: [6000n, 0n] });
  const tcp = await apiOn(rig, 'key');
  const desk = await addApiKey(rig, `desk-${reference}`, ['support'], 5000n);
  const adjust = { bytes: '5000', reason: `asked by ${reference}`, reference: `invoice of ${reference}` };
  const url = `/v1/subscriptions/${subscription}/adjustments`;
  const key = { 'idempotency-key': `key-${reference}-0123456789` };
  const pack = (await tcp.inject({ method: 'POST', url, payload: adjust, headers: { ...desk, ...key } })).json();
  await catalogue.renewSubscription(subscription, { until: '2027-06-01', reference: `renewal of ${reference}` });
  await catalogue.suspendAccount(account, { reason: `${reference} did not pay` });
  await runOnce(rig.books, rig.clock, 'webhooks').catch(() => {});
  await tcp.close();
  await api.close();
  const ids = [account, subscription, device.id, gone.id, again.id, pack.id];
  return { account, subscription, traces: [reference, device.publicKey, again.publicKey, ...ids] };
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
    await runOnce(rig.books, rig.clock, 'erasures');
    expect(found(customer.traces)).toEqual([]);
    const later = await rig.books.privacy.receipt(receipt.erasure);
    expect(later.receipt).toMatchObject({ complete: true, databaseClean: true });
    expect(later.receipt.nodes.map(({ state }) => state)).toEqual(['erased', 'erased', 'retired']);
  });
});
