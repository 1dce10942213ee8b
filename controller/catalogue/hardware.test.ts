import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { mib, openRig, type Rig } from '../../test/unit/books/rig.ts';

const hardwareId = 'board 4711-Ω';
let directory: string;
let rig: Rig;

const open = () => openRig({ path: join(directory, 'turnpike.db') });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turnpike-hardware-'));
  rig = await open();
});
afterEach(async () => {
  await rig.books.close();
  await rm(directory, { recursive: true });
});

const catalogue = () => rig.books.catalogue;
const add = (subscription: string, id = hardwareId, more: object = {}) =>
  catalogue().addDevice({ subscription, hardwareId: id, ...more });

describe('the same hardware', () => {
  it('replaces its own device: same addresses, other keys, and the old one stays billed', async () => {
    const node = await rig.node('a');
    const subscription = await rig.subscription({ maxDevices: 1 });
    const first = (await add(subscription, hardwareId, { label: 'phone', platform: 'ios' })).device;
    await node.sync();
    await node.report({ [first.id]: [mib, 2n * mib] }, { [subscription]: { wanting: true } });
    const { device, privateKey } = await add(subscription, `  ${hardwareId} `);
    expect(device).toMatchObject({
      status: 'active',
      address4: first.address4,
      address6: first.address6,
      label: 'phone',
      platform: 'ios',
      uploadBytes: 0n,
    });
    expect(device.publicKey).not.toBe(first.publicKey);
    expect(privateKey).toBeDefined();
    expect(await catalogue().getDevice(first.id)).toMatchObject({
      status: 'replaced',
      replacedBy: device.id,
      publicKey: null,
      uploadBytes: mib,
      access: { state: 'closed', reasons: [{ code: 'replaced', text: expect.stringContaining(device.id) }] },
    });
    expect((await catalogue().getUsage(subscription)).usedBytes).toBe(3n * mib);
    // What the node had not said yet is billed still.
    await node.report({ [first.id]: [2n * mib, 2n * mib] }, { [subscription]: { wanting: true } });
    expect((await catalogue().getUsage(subscription)).usedBytes).toBe(4n * mib);
    expect([...node.devices.keys()]).toEqual([device.id]);
    expect((await catalogue().listDevices({ subscription })).map(({ id }) => id)).toEqual([device.id]);
    const replaced = await catalogue().listDevices({ subscription, status: 'replaced' });
    expect(replaced.map(({ id }) => id)).toEqual([first.id]);
  });

  it('may bring the same key again', async () => {
    const subscription = await rig.subscription();
    const { publicKey } = generateWireguardKeyPair();
    const first = await add(subscription, hardwareId, { publicKey });
    const second = await add(subscription, hardwareId, { publicKey });
    expect(second.device).toMatchObject({ publicKey, address4: first.device.address4 });
  });

  it('is another device in another subscription, and after a removal', async () => {
    const [one, two] = [await rig.subscription(), await rig.subscription()];
    const first = (await add(one)).device;
    expect((await add(two)).device.address4).not.toBe(first.address4);
    await catalogue().removeDevice(first.id);
    expect(await catalogue().getDevice(first.id)).toMatchObject({ status: 'revoked', replacedBy: null });
    expect((await add(one)).device.address4).not.toBe(first.address4);
    expect((await catalogue().listDevices({ status: 'revoked' })).map(({ id }) => id)).toEqual([first.id]);
  });

  it('says what to use in place of a device that was replaced, however often that was', async () => {
    const subscription = await rig.subscription();
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) {
      rig.clock.pass(1);
      ids.push((await add(subscription)).device.id);
    }
    const [first = '', second = '', , last = ''] = ids;
    for (const id of [first, second]) {
      await expect(catalogue().rekeyDevice(id, {})).rejects.toMatchObject({
        code: 'conflict',
        remedy: `use ${last}`,
      });
    }
    expect((await catalogue().explain(first)).access.reasons).toMatchObject([
      { code: 'replaced', mend: expect.stringContaining(`use the configuration of ${last}`) },
    ]);
    const replaced = await catalogue().listDevices({ subscription, status: 'replaced' });
    expect(replaced.map(({ replacedBy }) => replacedBy)).toEqual([last, last, last]);
  });

  it('says to add a device where the last one of that hardware was removed', async () => {
    const subscription = await rig.subscription();
    const first = (await add(subscription)).device.id;
    await add(subscription);
    const last = (await add(subscription)).device.id;
    await catalogue().removeDevice(last);
    await expect(catalogue().rekeyDevice(first, {})).rejects.toMatchObject({
      code: 'conflict',
      remedy: `${last}, as which it enrolled last, was removed: add a new device`,
    });
    expect((await catalogue().explain(first)).access.reasons).toMatchObject([
      {
        text: expect.stringContaining(`as ${last}, which was removed`),
        mend: expect.stringMatching(/^add a device/),
      },
    ]);
    expect(await catalogue().getDevice(first)).toMatchObject({ status: 'replaced', replacedBy: last });
  });
});

describe('the device limit', () => {
  it('says itself and the count, for other hardware and for none', async () => {
    const subscription = await rig.subscription({ maxDevices: 2 });
    await add(subscription);
    await rig.device(subscription);
    for (const call of [() => add(subscription, 'another'), () => rig.device(subscription)]) {
      await expect(call()).rejects.toMatchObject({
        code: 'exhausted',
        message: expect.stringMatching(/has 2 devices.*allows 2/),
        remedy: expect.stringContaining('remove one of them'),
      });
    }
    await add(subscription);
  });

  it('of the tariff that comes with the next period holds already, where that is the smaller one', async () => {
    const days = { period: 'days', periodDays: 1, volumeBytes: 5n } as const;
    await catalogue().addTariff({ name: 'five', maxDevices: 5, ...days });
    await catalogue().addTariff({ name: 'one', maxDevices: 1, ...days });
    await catalogue().addTariff({ name: 'many', ...days });
    await catalogue().addAccount({ reference: 'c' });
    const { id } = await catalogue().createSubscription({ account: 'c', tariff: 'five' });
    await add(id);
    const change = (tariff: string) => catalogue().changeTariff(id, { tariff, when: 'next-period' });
    await change('one');
    await expect(rig.device(id)).rejects.toMatchObject({
      code: 'exhausted',
      message: expect.stringMatching(/has 1 devices.*"one".*from its next period on.*allows 1/),
      remedy: expect.stringContaining(`subscription change ${id} --tariff five --when next-period"`),
    });
    expect((await catalogue().listEvents()).at(-1)).toMatchObject({
      ...{ type: 'device.limit', data: { maxDevices: 1, devices: 1 } },
    });
    // The same machine takes no more room.
    await add(id);
    await change('five');
    await rig.device(id);
    await catalogue().setTariff('five', { maxDevices: 2 });
    await change('many');
    await expect(rig.device(id)).rejects.toMatchObject({
      message: expect.stringContaining('"five" allows 2'),
      remedy: expect.not.stringContaining('take the change back'),
    });
  });

  it('is an event once an hour for each subscription', async () => {
    const [one, two] = [await rig.subscription({ maxDevices: 1 }), await rig.subscription({ maxDevices: 1 })];
    for (const subscription of [one, two]) await rig.device(subscription);
    for (const subscription of [one, one, two]) await rig.device(subscription).catch(() => {});
    expect((await catalogue().listEvents()).map(({ subscriptionId }) => subscriptionId)).toEqual([one, two]);
    rig.clock.pass(3600_000);
    for (const _ of [1, 2]) await rig.device(one).catch(() => {});
    expect(await catalogue().listEvents()).toMatchObject([
      {},
      {},
      { type: 'device.limit', subscriptionId: one, at: rig.clock.now(), data: { maxDevices: 1, devices: 1 } },
    ]);
  });
});

describe('a hardware id', () => {
  it('is stored as a keyed hash, under a key that is kept', async () => {
    const subscription = await rig.subscription();
    const { device } = await add(subscription);
    await rig.books.close();
    const kept = await readFile(join(directory, 'turnpike.db'), 'latin1');
    for (const secret of [hardwareId, '4711']) {
      expect(kept).not.toContain(secret);
      expect(kept).not.toContain(Buffer.from(secret).toString('latin1'));
    }
    rig = await open();
    expect((await add(subscription)).device.address4).toBe(device.address4);
  });

  it.each(['', '   ', 'x'.repeat(201), 'secret\u0000board'])(
    'that is none is not repeated: %j',
    async (id) => {
      const error = await add(await rig.subscription(), id).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'invalid' });
      expect(JSON.stringify([error, (error as Error).message])).not.toMatch(/secret|xxx/);
    },
  );

  it('is wanted by a tariff that says so', async () => {
    const subscription = await rig.subscription();
    await catalogue().setTariff('tariff-1', { requireHardwareId: true });
    await expect(rig.device(subscription)).rejects.toMatchObject({
      code: 'invalid',
      remedy: expect.stringContaining('--hardware-id'),
    });
    await add(subscription);
  });

  it('is asked only of what is added once its tariff has come; a device without one stays', async () => {
    const month = { period: 'days', periodDays: 30 } as const;
    const subscription = await rig.subscription({ limits: month });
    await catalogue().addTariff({ name: 'next', volumeBytes: mib, ...month, requireHardwareId: true });
    await catalogue().changeTariff(subscription, { tariff: 'next', when: 'next-period' });
    const device = await rig.device(subscription);
    rig.clock.pass(30 * 86_400_000);
    await rig.sweepPeriods();
    expect(await catalogue().getSubscription(subscription)).toMatchObject({ tariff: 'next' });
    expect(await catalogue().getDevice(device)).toMatchObject({
      status: 'active',
      access: { state: 'open' },
    });
    await expect(rig.device(subscription)).rejects.toMatchObject({ code: 'invalid' });
    await add(subscription);
  });
});
