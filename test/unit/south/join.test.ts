import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { join as joinController } from '../../../agent/commands/join.ts';
import { IdentityFile } from '../../../agent/identity/identity-file.ts';
import { ensureWireguardKey } from '../../../agent/journal/key.ts';
import { type Clock, systemClock } from '../../../common/clock.ts';
import { Cleanup, type Controller, inHalfAnHour, joinNode, nodeId, startController } from './rig.ts';

const cleanup = new Cleanup();
let controller: Controller;

beforeEach(async () => {
  controller = await startController(cleanup);
});

afterEach(() => cleanup.run());

const newToken = () => controller.books.issueToken(nodeId, 'ams-1', inHalfAnHour());
const clockOffBy = (ms: number): Clock => ({ ...systemClock, now: () => systemClock.now() + ms });

it('a token becomes an identity, kept for the owner only', async () => {
  const stateDirectory = await cleanup.directory();
  const identity = await joinNode(cleanup, controller, { stateDirectory });
  expect(identity).toMatchObject({
    nodeId,
    nodeName: 'ams-1',
    incarnation: 1,
    controllerAddress: controller.nodes,
  });
  expect(await readdir(stateDirectory)).toEqual(['identity.json']);
  expect((await stat(join(stateDirectory, 'identity.json'))).mode & 0o777).toBe(0o600);
  expect(controller.state.counters.enrolmentsAccepted).toBe(1);
});

it('after a lost answer the same command brings the same certificate', async () => {
  const token = newToken();
  const stateDirectory = await cleanup.directory();
  const redeem = controller.books.redeem.bind(controller.books);
  let serial = '';
  controller.books.redeem = async (...args) => {
    serial = (await redeem(...args)).certificate.serial;
    throw new Error('the answer is lost');
  };
  await expect(joinNode(cleanup, controller, { token, stateDirectory })).rejects.toThrow();
  controller.books.redeem = redeem;
  expect(await readdir(stateDirectory)).toEqual(['joining.key']);
  const key = await readFile(join(stateDirectory, 'joining.key'), 'utf8');

  const identity = await joinNode(cleanup, controller, { token, stateDirectory });
  expect(identity.privateKey).toBe(key);
  expect(identity.incarnation).toBe(1);
  expect(new X509Certificate(identity.certificate).serialNumber.toLowerCase()).toBe(serial);
});

it('a token that was used is refused to another key', async () => {
  const token = newToken();
  await joinNode(cleanup, controller, { token });
  await expect(joinNode(cleanup, controller, { token })).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('used already, with another key'),
  });
  expect(controller.state.counters.enrolmentsRefused).toBe(1);
});

it('an expired token is refused, also to the key that redeemed it', async () => {
  const token = controller.books.issueToken(nodeId, 'ams-1', systemClock.now() - 1);
  await expect(joinNode(cleanup, controller, { token })).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('expired'),
  });
});

it('an unknown token is refused with what to do', async () => {
  await expect(joinNode(cleanup, controller, { token: 'x'.repeat(43) })).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringMatching(/not known.*turnpike node token/),
  });
});

it('with a wrong pin nothing is sent and nothing is written', async () => {
  const stateDirectory = await cleanup.directory();
  const pin = `sha256:${'0'.repeat(64)}`;
  await expect(joinNode(cleanup, controller, { pin, stateDirectory })).rejects.toMatchObject({
    code: 'unauthenticated',
    message: expect.stringContaining('another CA than the pin'),
    remedy: expect.stringContaining('turnpike node token'),
  });
  expect(await readdir(stateDirectory)).toEqual([]);
  expect(controller.state.counters).toMatchObject({ enrolmentsAccepted: 0, enrolmentsRefused: 0 });
});

it.each(['', 'sha256:12', 'md5:abc'])('the malformed pin "%s" is refused', async (pin) => {
  await expect(joinNode(cleanup, controller, { pin })).rejects.toMatchObject({ code: 'invalid' });
});

it('an identity is not overwritten unless told so; then the node gets its next incarnation', async () => {
  const stateDirectory = await cleanup.directory();
  const first = await joinNode(cleanup, controller, { stateDirectory });
  await expect(joinNode(cleanup, controller, { stateDirectory })).rejects.toMatchObject({
    code: 'conflict',
    remedy: expect.stringContaining('--force-new'),
  });
  const second = await joinNode(cleanup, controller, { stateDirectory, forceNew: true });
  expect(second.incarnation).toBe(2);
  expect(second.privateKey).not.toBe(first.privateKey);
});

it('a new identity for a node whose WireGuard key is lost says that it would get another key', async () => {
  const stateDirectory = await cleanup.directory();
  const first = await joinNode(cleanup, controller, { stateDirectory });
  const again = () =>
    joinController(
      {
        ...{ controller: controller.enrolment, token: newToken(), stateDirectory, forceNew: true },
        pin: `sha256:${controller.authorities.serving.pin}`,
      },
      systemClock,
    );
  // Not yet in service: it never had one.
  expect((await again()).lines.join()).not.toContain('wireguard.key');
  await new IdentityFile(stateDirectory).save({ ...first, journalBegun: true });
  expect((await again()).lines.join()).toContain('wireguard.key is gone: put it back');
  await new IdentityFile(stateDirectory).save({ ...first, journalBegun: true });
  await ensureWireguardKey(stateDirectory, {});
  expect((await again()).lines.join()).not.toContain('wireguard.key');
});

it.each([-3600_000, 3600_000])('a clock that is off by %i ms does not hinder joining', async (ms) => {
  await expect(joinNode(cleanup, controller, { clock: clockOffBy(ms) })).resolves.toBeDefined();
});

it.each([
  [-2 * 86_400_000, 'behind'],
  [200 * 86_400_000, 'ahead'],
])('a clock that is off by %i ms is named as the cause', async (ms, direction) => {
  await expect(joinNode(cleanup, controller, { clock: clockOffBy(ms) })).rejects.toMatchObject({
    message: expect.stringContaining(`this clock is ${direction}`),
  });
});

it('a controller that is not there is said so', async () => {
  await controller.stop();
  await expect(joinNode(cleanup, controller)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('cannot be reached'),
  });
});

it('what does not speak TLS is said so', async () => {
  const server = createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.add(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as { port: number };
  await expect(joinNode(cleanup, { ...controller, enrolment: `127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'unavailable',
    remedy: expect.stringContaining('7444'),
  });
});

it("the nodes' port instead of the enrolment port is said so", async () => {
  await expect(joinNode(cleanup, { ...controller, enrolment: controller.nodes })).rejects.toMatchObject({
    remedy: expect.stringContaining('7444'),
  });
});

it('attempts to join are limited', async () => {
  const attempts = Array.from({ length: 40 }, () => joinNode(cleanup, controller, { token: 'wrong' }));
  const codes = (await Promise.allSettled(attempts)).map((result) =>
    result.status === 'rejected' ? result.reason.code : 'joined',
  );
  expect(codes.filter((code) => code === 'unauthenticated').length).toBeGreaterThanOrEqual(30);
  expect(codes).toContain('exhausted');
});
