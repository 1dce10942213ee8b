import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { create, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { type AgentIdentity, trustedBy } from '../../../agent/identity/identity.ts';
import { createRequest } from '../../../agent/identity/request.ts';
import { trusting } from '../../../agent/identity/tls.ts';
import { systemClock } from '../../../common/clock.ts';
import {
  EnrolmentService,
  EnrolRequestSchema,
  IdentityService,
  RecoverRequestSchema,
  RenewRequestSchema,
} from '../../../common/gen/turnpike/v1/enrolment_pb.ts';
import { SyncRequestSchema, SyncService } from '../../../common/gen/turnpike/v1/sync_pb.ts';
import { callUnary } from '../../../common/grpc/call.ts';
import { methodDefinition } from '../../../common/grpc/service.ts';
import { attemptLimits, listenerLimits, renewalLimit } from '../../../common/listener-limits.ts';
import { parsePem } from '../../../common/pki/keys.ts';
import { controllerName } from '../../../common/pki/names.ts';
import { RawGrpc } from '../../fuzz/raw-grpc.ts';
import { endlessHeaders, pour, rapidReset } from './http2-attacks.ts';
import { hello } from './raw-node.ts';
import { Cleanup, type Controller, joinNode, startAgent, startController, until } from './rig.ts';

// Somebody without a certificate, against real listeners.
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const portOf = (address: string) => Number(address.slice(address.lastIndexOf(':') + 1));

/** Connections that do nothing. */
function connectIdly(address: string, count: number): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(portOf(address), '127.0.0.1');
    socket.on('error', () => undefined);
    cleanup.add(async () => socket.destroy());
    return socket;
  });
}

async function serves(controller: Controller): Promise<AgentIdentity> {
  const identity = await joinNode(cleanup, controller);
  const agent = await startAgent(cleanup, identity);
  agent.reports.add(7n);
  await until(() => expect(agent.reports.acknowledgedNumbers).toEqual([7n]));
  return identity;
}

function clientOf(address: string, identity: AgentIdentity, shown = false): Client {
  const client = new Client(
    address,
    credentials.createFromSecureContext(trusting(trustedBy(identity), shown ? identity : undefined)),
    { 'grpc.ssl_target_name_override': controllerName, 'grpc.use_local_subchannel_pool': 1 },
  );
  cleanup.add(async () => client.close());
  return client;
}

it('connections that do nothing keep no node out, neither to join nor to report; no more are held than are allowed', async () => {
  const { enrolment } = listenerLimits;
  const crowd = { ...listenerLimits.nodes.crowd, strangers: 500 };
  const nodes = { ...listenerLimits.nodes, crowd };
  const controller = await startController(cleanup, { limits: { nodes, enrolment } });
  const early = await startAgent(cleanup, await joinNode(cleanup, controller));
  await until(() => expect(controller.state.connected.size).toBe(1));
  connectIdly(controller.nodes, crowd.strangers + 200);
  connectIdly(controller.enrolment, enrolment.crowd.perNetwork + 100);
  await until(() => expect(controller.state.connections.nodes).toBeGreaterThanOrEqual(crowd.strangers));
  await until(() => expect(controller.state.connections.enrolment).toBe(enrolment.crowd.perNetwork));
  // Whoever was there is not disturbed.
  early.reports.add(1n);
  await until(() => expect(early.reports.acknowledgedNumbers).toEqual([1n]));
  await serves(controller);
  expect(controller.state.connections.nodes).toBeLessThanOrEqual(crowd.strangers + 2);
  expect(controller.state.connections.enrolment).toBeLessThanOrEqual(enrolment.crowd.perNetwork);
});

it('a handshake that is not finished, and HTTP/2 that does not begin, are ended', async () => {
  const short = { handshakeMs: 200, strangerMs: 500 };
  const { nodes, enrolment } = listenerLimits;
  const controller = await startController(cleanup, {
    limits: { nodes: { ...nodes, ...short }, enrolment: { ...enrolment, ...short } },
  });
  connectIdly(controller.nodes, 1);
  const [half] = connectIdly(controller.enrolment, 1);
  // The beginning of a ClientHello.
  half?.write(Buffer.from('1603010200010001fc0303', 'hex'));
  const port = portOf(controller.enrolment);
  const shaken = connectTls({ port, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  shaken.on('error', () => undefined);
  // It reads nothing either, so it would never see that we are done with it.
  await new Promise((resolve) => shaken.once('secureConnect', resolve));
  expect(controller.state.connections.enrolment).toBeGreaterThan(0);
  await until(() => expect(controller.state.connections).toEqual({ nodes: 0, enrolment: 0 }));
});

it('streams that are opened and reset without end, and headers without end, end their own connection only', async () => {
  const controller = await startController(cleanup);
  const port = portOf(controller.enrolment);
  const path = methodDefinition(EnrolmentService.method.enrol).path;
  for (const attack of [rapidReset(path), endlessHeaders(path)]) {
    const socket = connectTls({ port, rejectUnauthorized: false, ALPNProtocols: ['h2'] }).resume();
    cleanup.add(async () => socket.destroy());
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const sent = pour(socket, attack);
    await closed;
    await sent;
  }
  await serves(controller);
});

it('a message that is too large is refused, on either listener', async () => {
  const controller = await startController(cleanup);
  const identity = await serves(controller);
  const request = create(EnrolRequestSchema, { token: 'x'.repeat(listenerLimits.enrolment.messageBytes) });
  await expect(
    callUnary(
      clientOf(controller.enrolment, identity),
      methodDefinition(EnrolmentService.method.enrol),
      request,
      systemClock,
      10_000,
    ),
  ).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
});

it('a message that cannot be read ends its stream with a status, also in the middle of an answer', async () => {
  const controller = await startController(cleanup);
  const { privateKey: key, certificate: cert } = await joinNode(cleanup, controller);
  const first = toBinary(SyncRequestSchema, hello());
  // The second call's answer is under way when the bytes are looked at, as its handshake is over.
  const raw = new RawGrpc(controller.nodes, { key, cert });
  cleanup.add(async () => raw.close());
  const { sync } = SyncService.method;
  for (let n = 0; n < 3; n += 1) {
    const { status: code } = await raw.call(methodDefinition(sync).path, [
      first,
      Uint8Array.from([26, 30, 20]),
    ]);
    expect(code).toBe(status.INVALID_ARGUMENT);
  }
});

it('one node gets no more certificates than it needs, whichever way it asks; another one gets its own', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const csr = await createRequest(identity.privateKey);
  const renew = (client: Client) =>
    callUnary(
      client,
      methodDefinition(IdentityService.method.renew),
      create(RenewRequestSchema, { csr }),
      systemClock,
      10_000,
    );
  const client = clientOf(controller.nodes, identity, true);
  for (let n = 0; n < renewalLimit.burst; n += 1) await renew(client);
  await expect(renew(client)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });

  const recover = () =>
    callUnary(
      clientOf(controller.enrolment, identity),
      methodDefinition(EnrolmentService.method.recover),
      create(RecoverRequestSchema, { certificate: parsePem('CERTIFICATE', identity.certificate), csr }),
      systemClock,
      10_000,
    );
  await expect(recover()).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
});

it('attempts to recover are limited as attempts to join are', async () => {
  const controller = await startController(cleanup);
  const identity = await joinNode(cleanup, controller);
  const client = clientOf(controller.enrolment, identity);
  const answers = await Promise.allSettled(
    Array.from({ length: attemptLimits.ofNetwork.burst + 10 }, () =>
      callUnary(
        client,
        methodDefinition(EnrolmentService.method.recover),
        create(RecoverRequestSchema, { certificate: new Uint8Array(3) }),
        systemClock,
        10_000,
      ),
    ),
  );
  const codes = answers.map((answer) => answer.status === 'rejected' && answer.reason.code);
  expect(codes.filter((code) => code === status.RESOURCE_EXHAUSTED).length).toBeGreaterThanOrEqual(5);
});
