import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { gib, openRig, type Rig } from '../../test/unit/books/rig.ts';
import { addApiKey, apiOn } from '../../test/unit/north-api.ts';
import type { Api } from './api.ts';
import { openapiText } from './openapi-document.ts';

/** What goes with each route that changes what is a customer's, beside the names of it. */
const bodies: Readonly<Record<string, object | undefined>> = {
  changeAccount: { tag: 'shop' },
  suspendAccount: { reason: 'x' },
  resumeAccount: {},
  linkAccounts: { with: 'another' },
  unlinkAccount: undefined,
  createSubscription: { tariff: 'other' },
  setSubscription: { reference: 'renamed' },
  suspend: { reason: 'x' },
  resume: {},
  topUp: { bytes: '1000', reason: 'x', reference: 'p' },
  refund: { bytes: '1000', reason: 'x', reference: 'p' },
  reverse: { reason: 'x', reference: 'p' },
  renew: { reference: 'p' },
  changeSubscriptionTariff: { tariff: 'other' },
  cancel: { reason: 'x' },
  addDevice: {},
  changeDevice: { label: 'x' },
  rekeyDevice: {},
  removeDevice: undefined,
};
/** Rights of customers. */
const rights = ['eraseAccount', 'rectifyAccount', 'restrictAccount', 'liftRestriction'];
/** Lines have their own answers (controller/bulk); a configuration changes nothing. */
const none = ['makeConfig'];

interface Operation {
  readonly operationId: string;
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Where it names something of a customer's. */
  readonly names: readonly { readonly field: string; readonly inPath: boolean }[];
}

const operations = await readOperations();

async function readOperations(): Promise<Operation[]> {
  const { paths, components }: Description = JSON.parse(await openapiText());
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId, requestBody }]) => {
      if (method === 'get') return [];
      const { $ref = '', ...schema } = requestBody?.content['application/json']?.schema ?? {};
      const { properties = {} } = components.schemas[$ref.replace(/^.*\//, '')] ?? schema;
      const inPath = ['account', 'subscription', 'device'].filter((name) => path.includes(`{${name}}`));
      const inBody = ['account', 'subscription', 'device', 'with'].filter((name) => name in properties);
      const names = [
        ...inPath.map((field) => ({ field, inPath: true })),
        ...inBody.map((field) => ({ field, inPath: false })),
      ];
      return names.length === 0
        ? []
        : [{ operationId, method: method.toUpperCase() as Operation['method'], path, names }];
    }),
  );
}

/** As /openapi.json has it. */
interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { readonly properties?: object }>> };
}

interface Described {
  readonly operationId: string;
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly schema: { readonly $ref?: string; readonly properties?: object } }>
    >;
  };
}

interface Customer {
  readonly names: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly account: string;
  readonly adjustment: string;
}

let rig: Rig;
let api: Api;

beforeAll(async () => {
  rig = await openRig();
  api = await apiOn(rig, 'socket');
  const { catalogue } = rig.books;
  const limits = { volumeBytes: gib, period: 'month', durationDays: 30 } as const;
  for (const name of ['small', 'other']) await catalogue.addTariff({ name, ...limits });
  await catalogue.addAccount({ reference: 'another' });
});
afterAll(async () => {
  await api.close();
  await rig.books.close();
});

/** A customer with everything, each thing by every name that it has. */
async function addCustomer(operationId: string): Promise<Customer> {
  const { catalogue } = rig.books;
  const word = randomBytes(6).toString('hex');
  const account = await catalogue.addAccount({ reference: `ä ${word}` });
  const { id } = await catalogue.createSubscription({
    ...{ account: account.id, tariff: 'small', reference: `s ${word}` },
  });
  const { device } = await catalogue.addDevice({ subscription: id, ...key() });
  const sold = { bytes: gib, reason: 'x', reference: `of ${word}` };
  const { id: adjustment } = await catalogue.topUp(id, sold);
  if (operationId === 'resumeAccount') await catalogue.suspendAccount(account.id, { reason: 'x' });
  if (operationId === 'resume') await catalogue.suspend(id, { reason: 'x' });
  if (operationId === 'unlinkAccount') await catalogue.linkAccounts(account.id, 'another');
  const ofAccount = { 'its id': account.id, 'its reference': account.reference };
  const decomposed = account.reference.normalize('NFD');
  const ofSubscription = {
    ...{ 'its id': id, 'its reference': `s ${word}`, 'its account’s id': account.id },
    ...{ 'its account’s reference': account.reference, 'the same, decomposed': decomposed },
  };
  return {
    account: account.id,
    adjustment,
    names: {
      ...{ account: ofAccount, with: ofAccount, subscription: ofSubscription },
      device: { 'its id': device.id },
    },
  };
}

const key = () => ({ publicKey: generateWireguardKeyPair().publicKey });

function send(
  { method, path, operationId }: Operation,
  { field, inPath }: Operation['names'][number],
  name: string,
  adjustment: string,
) {
  const body = bodies[operationId];
  const url = path
    .replace(`{${field}}`, encodeURIComponent(name))
    .replace('{adjustment}', adjustment)
    .replace('{account}', 'another');
  // A payment's reference is of one subscription; a subscription's as well.
  const own = body !== undefined && 'reference' in body ? { reference: randomBytes(6).toString('hex') } : {};
  const payload = { ...body, ...own, ...(inPath ? {} : { [field]: name }) };
  return api.inject({ method, url, ...(body !== undefined && { payload }) });
}

const cases = operations
  .filter(({ operationId }) => !rights.includes(operationId) && !none.includes(operationId))
  .flatMap((operation) =>
    operation.names.map((named) => ({ operation, named, id: operation.operationId, field: named.field })),
  );

describe('what is of a restricted account', () => {
  it('is named by the routes that are looked at here, and by no other', () => {
    const ids = operations.map(({ operationId }) => operationId).sort();
    expect(ids).toEqual([...Object.keys(bodies), ...rights, ...none].sort());
  });

  it.each(cases)('is not changed by $id, whatever name the $field has', async ({ operation, named }) => {
    const { operationId } = operation;
    for (const kind of Object.keys((await addCustomer('')).names[named.field] ?? {})) {
      const free = await addCustomer(operationId);
      const name = free.names[named.field]?.[kind] as string;
      const done = await send(operation, named, name, free.adjustment);
      expect([kind, done.statusCode, done.payload.slice(0, 200)]).toEqual([
        kind,
        expect.toSatisfy((status: number) => status >= 200 && status < 300),
        expect.anything(),
      ]);
      const held = await addCustomer(operationId);
      if (operationId === 'resumeAccount') await rig.books.catalogue.resumeAccount(held.account);
      await rig.books.privacy.restrict(held.account, { reason: 'disputed', only: true });
      const before = await copyOf(held.account);
      const refused = await send(
        operation,
        named,
        held.names[named.field]?.[kind] as string,
        held.adjustment,
      );
      expect([kind, refused.statusCode, refused.json().detail]).toEqual([
        kind,
        409,
        expect.stringContaining('is kept and not used'),
      ]);
      expect(await copyOf(held.account)).toEqual(before);
      // Whose it was is known all the same; with a link, of the account that was to be linked.
      if (named.field !== 'with') {
        const [entry] = await rig.books.audit.list({ account: held.account });
        expect(entry).toMatchObject({ method: operation.method, status: 409 });
      }
      if (operationId === 'unlinkAccount' || operationId === 'linkAccounts') {
        await rig.books.privacy.unrestrict(held.account, { only: true });
        await rig.books.catalogue.unlinkAccount(held.account).catch(() => undefined);
      }
    }
  });

  it('is not changed along with a linked account', async () => {
    const [free, held] = [await addCustomer(''), await addCustomer('')];
    await rig.books.catalogue.linkAccounts(free.account, held.account);
    await rig.books.privacy.restrict(held.account, { reason: 'disputed', only: true });
    const before = await copyOf(held.account);
    const suspended = await rig.books.catalogue.suspendAccount(free.account, { reason: 'x' });
    expect(suspended.suspendedAt).not.toBeNull();
    await rig.books.catalogue.resumeAccount(free.account);
    expect(await copyOf(held.account)).toEqual(before);
  });

  it('is known by a reseller’s own names', async () => {
    const { catalogue } = rig.books;
    await catalogue.addAccount({ reference: 'theirs' });
    const { id } = await catalogue.createSubscription({ account: 'theirs', tariff: 'small' });
    await catalogue.setAccount('theirs', { tag: 'reseller' });
    const tcp = await apiOn(rig, 'key');
    const headers = await addApiKey(rig, 'reseller', ['subscriptions']);
    await rig.books.apiKeys.set('reseller', { tag: 'reseller' });
    const payload = { subscription: 'theirs' };
    const add = () => tcp.inject({ method: 'POST', url: '/v1/devices', headers, payload });
    expect((await add()).statusCode).toBe(201);
    await rig.books.privacy.restrict('theirs', { reason: 'disputed' });
    const refused = await add();
    expect([refused.statusCode, refused.json().detail]).toEqual([
      409,
      expect.stringContaining('is kept and not used'),
    ]);
    expect(await rig.books.audit.list({ account: 'theirs' })).toMatchObject([
      { status: 409, subject: { subscription: id } },
      { status: 201, subject: { subscription: id } },
    ]);
    await tcp.close();
  });
});

/** All that is held of it but the audit log. */
async function copyOf(account: string) {
  return (await rig.books.privacy.export(account, { only: true })).tables;
}
