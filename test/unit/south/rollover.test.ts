import { X509Certificate } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import { pem } from '../../../common/pki/keys.ts';
import type { CertificateAuthority } from '../../../controller/identity/authority.ts';
import { hello, RawNode } from './raw-node.ts';
import {
  type Agent,
  Cleanup,
  type Controller,
  inHalfAnHour,
  joinNode,
  nodeId,
  startAgent,
  startController,
  until,
} from './rig.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const otherId = 'nod_0000000000000000';
let directory: string;
let controller: Controller;
let identity: AgentIdentity;
/** Away from the start. */
let away: AgentIdentity;

beforeEach(async () => {
  directory = await cleanup.directory();
  controller = await startController(cleanup, { directory });
  identity = await joinNode(cleanup, controller);
  const token = controller.books.issueToken(otherId, 'ams-2', inHalfAnHour());
  away = await joinNode(cleanup, controller, { token });
});

const timing = { renewalSpreadMs: 0, renewalRetryMs: 50 };
const certificateOf = ({ certificate }: CertificateAuthority) => pem('CERTIFICATE', certificate);
const isOf = ({ certificate }: AgentIdentity, authority: CertificateAuthority) =>
  new X509Certificate(certificate).verify(new X509Certificate(authority.certificate).publicKey);

/** Reports that go up all the while. */
async function reporting(agent: Agent, numbers: readonly bigint[]): Promise<void> {
  for (const number of numbers) {
    agent.reports.add(number);
    await until(() => expect(agent.reports.acknowledgedNumbers).toContain(number));
  }
}

it('a new CA takes over while streams are open, and no report is lost or booked twice', async () => {
  const agent = await startAgent(cleanup, identity, { timing });
  await reporting(agent, [1n, 2n]);
  const { authorities, books } = controller;
  const old = authorities.serving;

  await authorities.begin();
  const next = authorities.issuing;
  await until(() => expect(books.shownPins.get(nodeId)).toBe(next.pin));
  const known = agent.saved.at(-1) as AgentIdentity;
  expect(known).toMatchObject({ caCertificate: certificateOf(old), nextCaCertificate: certificateOf(next) });
  expect(isOf(known, next)).toBe(true);
  await reporting(agent, [3n, 4n]);
  expect(await books.notShown(next.pin)).toEqual([otherId]);

  // One that returns in time is told, too.
  const late = await startAgent(cleanup, away, { timing });
  await until(() => expect(books.shownPins.get(otherId)).toBe(next.pin));
  expect(await books.notShown(next.pin)).toEqual([]);

  await authorities.finish();
  for (const each of [agent, late]) {
    await until(() => expect(each.saved.at(-1)?.caCertificate).toBe(certificateOf(next)));
    await until(() => expect(each.saved.at(-1)).not.toHaveProperty('nextCaCertificate'));
    await until(() => expect(each.south.state()).toBe('connected'));
    expect(each.sink.refusedCount).toBe(0);
  }
  await reporting(agent, [5n, 6n]);
  expect([...books.booked.keys()]).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
});

it('a node that was away all the time is left behind: it closes nothing, and joins anew', async () => {
  const { authorities, books } = controller;
  const oldPin = `sha256:${authorities.serving.pin}`;
  await authorities.begin();
  await authorities.finish();
  const stray = await startAgent(cleanup, away, { timing });
  await until(() => expect(stray.south.state()).toBe('unreachable'));
  expect(stray.sink.refusedCount).toBe(0);
  const token = books.issueToken(otherId, 'ams-2', inHalfAnHour());
  await expect(joinNode(cleanup, controller, { token, pin: oldPin })).rejects.toThrow(
    'another CA than the pin',
  );
  const anew = await startAgent(cleanup, await joinNode(cleanup, controller, { token }), { timing });
  await until(() => expect(anew.south.state()).toBe('connected'));
});

it('streams that show a certificate of a dropped CA end at once, and what it signed gets in no more', async () => {
  const { authorities } = controller;
  const stream = new RawNode(cleanup, controller.nodes, identity).sync().listen().send(hello());
  await until(() => expect(stream.received).not.toHaveLength(0));
  await authorities.begin();
  const both = { ...identity, nextCaCertificate: certificateOf(authorities.issuing) };
  await authorities.finish();
  const { code, details } = await stream.ended;
  expect([code, details]).toEqual([status.UNAVAILABLE, expect.stringContaining('was dropped')]);
  const again = new RawNode(cleanup, controller.nodes, both).sync().send(hello());
  expect((await again.ended).code).toBe(status.UNAVAILABLE);
});

it('a change of the CA goes on over a restart of the controller', async () => {
  const agent = await startAgent(cleanup, identity, { timing });
  await until(() => expect(agent.south.state()).toBe('connected'));
  const { books, authorities } = controller;
  await authorities.begin();
  const next = authorities.issuing.pin;
  await controller.stop();
  const [nodesPort, enrolmentPort] = [controller.nodes, controller.enrolment].map((at) =>
    Number(at.split(':')[1]),
  );
  const after = await startController(cleanup, { directory, books, nodesPort, enrolmentPort });
  expect(after.authorities.next?.pin).toBe(next);
  await until(() => expect(books.shownPins.get(nodeId)).toBe(next));
  await after.authorities.finish();
  await until(() => expect(agent.saved.at(-1)).not.toHaveProperty('nextCaCertificate'));
  await reporting(agent, [1n]);
});

it('a node that joins meanwhile knows both', async () => {
  const { authorities, books } = controller;
  await authorities.begin();
  const token = books.issueToken(otherId, 'ams-2', inHalfAnHour());
  const joined = await joinNode(cleanup, controller, { token });
  expect(joined.nextCaCertificate).toBe(certificateOf(authorities.issuing));
  expect(isOf(joined, authorities.issuing)).toBe(true);
  const agent = await startAgent(cleanup, joined, { timing });
  await until(() => expect(agent.south.state()).toBe('connected'));
});
