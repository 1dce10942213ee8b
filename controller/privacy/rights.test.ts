import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRig, type Rig, runOnce } from '../../test/unit/books/rig.ts';
import { apiOn } from '../../test/unit/north-api.ts';
import type { Api } from '../north/api.ts';

let rig: Rig;
let api: Api;
let subscription: string;

beforeEach(async () => {
  rig = await openRig();
  api = await apiOn(rig, 'socket');
  subscription = await rig.subscription();
});
afterEach(async () => {
  await api.close();
  await rig.books.close();
});

const post = async (url: string, payload: object = {}) => {
  const answer = await api.inject({ method: 'POST', url, payload });
  return { status: answer.statusCode, body: answer.json() };
};
const customer = '/v1/accounts/customer%201';

describe('a restricted account', () => {
  it('is kept and not used: closed, not changed, not told of, and nothing goes by itself', async () => {
    const node = await rig.node('a');
    const device = await rig.device(subscription);
    await node.sync();
    await node.presence(device, { connected: true });
    await node.report({ [device]: [1000n, 0n] });
    expect((await post(`${customer}/restrict`, { reason: 'disputed' })).body.restrictedAt).not.toBeNull();
    await node.sync();
    expect((await rig.books.catalogue.explain(subscription)).access.state).toBe('closed');
    for (const [url, body] of [
      [`${customer}/resume`, {}],
      [`/v1/subscriptions/${subscription}/adjustments`, { bytes: '1', reason: 'x', reference: 'x' }],
      ['/v1/devices', { subscription }],
      [`/v1/devices/${device}/rekey`, {}],
    ] as const) {
      const { status, body: problem } = await post(url, body);
      expect([url, status]).toEqual([url, 409]);
      expect(problem.detail).toContain('is kept and not used');
    }
    const events = (await rig.books.catalogue.listEvents({ subscription })).length;
    await node.report({ [device]: [2n ** 30n, 0n] });
    expect(await rig.books.catalogue.listEvents({ subscription })).toHaveLength(events);
    rig.clock.pass(400 * 24 * 3600_000);
    await runOnce(rig.books, rig.clock, 'retention');
    expect((await rig.books.catalogue.getDevice(device)).lastSeenDay).not.toBeNull();
    expect((await rig.books.catalogue.getDailyUsage(subscription)).days).not.toEqual([]);
  });

  it('can be exported, rectified, erased, and freed again', async () => {
    await post(`${customer}/restrict`, { reason: 'disputed' });
    expect((await post(`${customer}/restrict`, { reason: 'disputed' })).status).toBe(409);
    expect((await api.inject(`${customer}/export`)).json()).toMatchObject({ format: 'turnpike-export-1' });
    expect((await post(`${customer}/rectify`, { reference: 'customer 1b' })).body.reference).toBe(
      'customer 1b',
    );
    const freed = await post('/v1/accounts/customer%201b/unrestrict');
    expect(freed.body).toMatchObject({ restrictedAt: null, suspensionReason: 'disputed' });
    expect((await post('/v1/accounts/customer%201b/resume')).status).toBe(200);
    await post('/v1/accounts/customer%201b/restrict', { reason: 'disputed' });
    const { status, body } = await post('/v1/privacy/erasures', { account: 'customer 1b' });
    expect(status).toBe(201);
    expect(body.receipt).toMatchObject({ accounts: 1, complete: true, databaseClean: true });
    expect((await api.inject(`/v1/privacy/erasures/${body.receipt.id}`)).json().receipt).toMatchObject({
      id: body.receipt.id,
    });
  });
});

it('a linked account that is restricted already keeps its date and its reason when another is restricted', async () => {
  for (const reference of ['first', 'second']) await rig.books.catalogue.addAccount({ reference });
  await rig.books.catalogue.linkAccounts('first', 'second');
  await rig.books.privacy.restrict('first', { reason: 'disputed', only: true });
  const before = await rig.books.catalogue.getAccount('first');
  rig.clock.pass(1000);
  await rig.books.privacy.restrict('second', { reason: 'another' });
  expect(await rig.books.catalogue.getAccount('first')).toEqual(before);
  expect(await rig.books.catalogue.getAccount('second')).toMatchObject({
    restrictedAt: rig.clock.now(),
    suspensionReason: 'another',
  });
});

describe('the audit log', () => {
  it('says that somebody was erased, exported and rectified, and not who was erased', async () => {
    await api.inject(`${customer}/export`);
    await post(`${customer}/rectify`, { reference: 'x' });
    const { body } = await post('/v1/privacy/erasures', { account: 'x' });
    expect(await rig.books.audit.list()).toMatchObject([
      { route: '/v1/privacy/erasures', erased: false, subject: { erasure: body.receipt.id } },
      { route: '/v1/accounts/:account/rectify', erased: true, subject: {} },
      { route: '/v1/accounts/:account/export', erased: true, subject: {} },
    ]);
  });
});

describe('rectifying', () => {
  it('takes no reference that another has', async () => {
    await rig.books.catalogue.addAccount({ reference: 'taken' });
    expect((await post(`${customer}/rectify`, { reference: 'taken' })).status).toBe(409);
    expect((await post(`${customer}/rectify`, { reference: 'customer 1' })).status).toBe(409);
  });
});
