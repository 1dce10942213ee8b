import { describe, expect, test } from 'vitest';
import { type ApiAnswer, callApi } from '../lab/api.ts';
import { canMakeDisks, Disk } from '../lab/disk.ts';
import { labForTest } from '../lab/in-vitest.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { expectMistake } from './mistake.ts';

const volume = 100_000_000n;

// Both mostly wait until a node tries again.
describe.runIf(canMakeDisks).concurrent('a disk', () => {
  test("the controller's disk fills up: changes are refused, reports wait at the nodes and are booked once there is room", async ({
    onTestFailed,
  }) => {
    await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
    const { disk, sale } = await sell(lab);
    const before = await held(lab);

    disk.fill(pid(lab));
    await expectRefusal(lab, sale, /disk.*full/);
    await expectNothingBooked(lab, sale);
    await lab.controller.kill();
    await disk.unmounted();
    await lab.controller.start(disk.prefix());
    await expectRefusal(lab, sale, /disk.*full/);
    await expectNothingBooked(lab, sale);
    expect(await held(lab)).toEqual(before);

    disk.makeRoom(pid(lab));
    await expectAllBooked(lab, sale);
    expect(await held(lab)).toEqual(before);
    await sale.addDevice();
  });

  test("the controller's disk fails and can be read only: changes are refused, and nothing is lost when it is mended", async ({
    onTestFailed,
  }) => {
    await using lab = await labForTest({ nodes: 1, clients: 1 }, onTestFailed);
    const { disk, sale } = await sell(lab);
    const before = await held(lab);

    await disk.turnReadOnly(pid(lab));
    await expectRefusal(lab, sale, /disk .* failed to read or write/);
    await expectNothingBooked(lab, sale);
    expect(await held(lab)).toEqual(before);
    await lab.controller.stop();
    expect(lab.controller.program?.exitCode).toBe(0);
    await disk.mend();
    const started = await lab.controller.startInVain(disk.prefix('ro'));
    expectMistake(started, /^turnpike-controller: .*turnpike\.db cannot be written: it is read-only/);
    expect(started.exitCode).toBe(72);

    await disk.unmounted();
    await lab.controller.start(disk.prefix());
    await expectAllBooked(lab, sale);
    expect(await held(lab)).toEqual(before);
    await sale.addDevice();
  });
});

/** A customer's traffic, beside a controller whose books are on a disk of their own. */
async function sell(lab: Lab): Promise<{ disk: Disk; sale: Sale }> {
  const { controller } = lab;
  const disk = await Disk.make(controller.host, controller.directory, 16);
  await openShop(lab, disk.prefix());
  const sale = await Sale.make(lab, volume, 1);
  await sale.connect(1, 1);
  await lab.traffic.openAll(1, 1, 500_000);
  lab.traffic.sendAll();
  await sale.billedBetween(100_000n, volume);
  return { disk, sale };
}

/** The controller, whose disk it is. */
function pid({ controller }: Lab): number {
  return controller.program?.pid ?? -1;
}

/** What the books hold that only operators change; reading goes on whatever the disk is like. */
async function held(lab: Lab): Promise<unknown> {
  const { cli } = lab.controller;
  const accounts = await cli.json<{ items: { reference: string }[] }>('account', 'list');
  const { devices, addressesFree } = await cli.json<Record<string, unknown>>('status');
  return { accounts: accounts.items.map(({ reference }) => reference), devices, addressesFree };
}

/** One change by the API, one by the CLI. */
async function expectRefusal(lab: Lab, sale: Sale, says: RegExp): Promise<void> {
  const { cli, socket } = lab.controller;
  const answer: ApiAnswer = await callApi(socket, 'POST', '/v1/accounts', { reference: 'customer-2' });
  expect(answer).toMatchObject({
    status: 503,
    contentType: expect.stringContaining('application/problem+json'),
    body: {
      type: 'urn:turnpike:problem:environment',
      detail: expect.stringMatching(says),
      remedy: expect.stringMatching(/./),
    },
  });
  expectMistake(await cli.failure('device', 'add', sale.subscription), says);
}

/** Traffic goes on within the grants, and its reports are not taken. */
async function expectNothingBooked(lab: Lab, sale: Sale): Promise<void> {
  const billed = await sale.billed();
  await lab.node(1).program?.said(/"msg":"a report could not be booked"/, 15_000);
  await lab.traffic.passed((await lab.traffic.accepted()) + 1_000_000n);
  expect(await sale.billed()).toBe(billed);
}

/** To the byte: what was reported in vain is booked, and once. A node tries again within half a minute. */
async function expectAllBooked(lab: Lab, sale: Sale): Promise<void> {
  lab.traffic.restAll();
  const accepted = await lab.traffic.settled();
  await sale.billedBetween(accepted, accepted, 60_000);
}
