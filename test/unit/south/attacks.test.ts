import { webcrypto, X509Certificate } from 'node:crypto';
import { createServer, type TlsOptions } from 'node:tls';
import { create } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
import { callUnary } from '../../../common/grpc/call.ts';
import { methodDefinition } from '../../../common/grpc/service.ts';
import { demandLimit } from '../../../common/listener-limits.ts';
import { createKeyPair, importPrivateKey, keyAlgorithm, parsePem } from '../../../common/pki/keys.ts';
import { controllerName, nodeUri } from '../../../common/pki/names.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '../../../common/pki/x509.ts';
import { type Forgery, forge, newSigner, type Signer, stolenAuthority } from './forge.ts';
import { hello, RawNode } from './raw-node.ts';
import {
  Cleanup,
  type Controller,
  inHalfAnHour,
  joinNode,
  nodeId,
  reportBytes,
  startAgent,
  startController,
  until,
} from './rig.ts';

const cleanup = new Cleanup();
let controller: Controller;
let directory: string;
let identity: AgentIdentity;

beforeEach(async () => {
  directory = await cleanup.directory();
  controller = await startController(cleanup, { directory });
  identity = await joinNode(cleanup, controller);
});
afterEach(() => cleanup.run());

const enrolMethod = methodDefinition(EnrolmentService.method.enrol);
const renewMethod = methodDefinition(IdentityService.method.renew);
const recoverMethod = methodDefinition(EnrolmentService.method.recover);

function clientOf(address: string, { privateKey, certificate }: Partial<AgentIdentity>): Client {
  const shown = privateKey && certificate ? { privateKey, certificate } : undefined;
  const client = new Client(
    address,
    credentials.createFromSecureContext(trusting(trustedBy(identity), shown)),
    { 'grpc.ssl_target_name_override': controllerName, 'grpc.use_local_subchannel_pool': 1 },
  );
  cleanup.add(async () => client.close());
  return client;
}

async function renewAt(address: string, shown: Partial<AgentIdentity>, csr?: Uint8Array) {
  const request = create(RenewRequestSchema, { csr: csr ?? (await createRequest(identity.privateKey)) });
  return callUnary(clientOf(address, shown), renewMethod, request, systemClock, 10_000);
}

/** At enrolment, with what is shown and a request of its key. */
async function recoverWith({ certificate, privateKey }: Partial<AgentIdentity>, csrKey = privateKey) {
  const request = create(RecoverRequestSchema, {
    ...(certificate && { certificate: parsePem('CERTIFICATE', certificate) }),
    csr: await createRequest(csrKey ?? identity.privateKey),
  });
  return callUnary(clientOf(controller.enrolment, {}), recoverMethod, request, systemClock, 10_000);
}

const codeOf = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => status.OK,
    (error: ServiceError) => error.code,
  );

const otherUri = nodeUri({ nodeId: 'nod_zzzzzzzzzzzzzzzz', incarnation: 1 });

describe('of a certificate request, only the key is taken', () => {
  const hostile = async (keys: webcrypto.CryptoKeyPair, algorithm: object = keyAlgorithm) => {
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: `CN=${'x'.repeat(100)}, CN=other, O=Turnpike fleet CA`,
      keys,
      signingAlgorithm: algorithm as typeof keyAlgorithm,
      extensions: [
        new BasicConstraintsExtension(true, 9, true),
        new SubjectAlternativeNameExtension([
          { type: 'url', value: otherUri },
          { type: 'url', value: nodeUri({ nodeId, incarnation: 9 }) },
          { type: 'dns', value: controllerName },
          { type: 'ip', value: '192.0.2.1' },
        ]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ],
    });
    return new Uint8Array(request.rawData);
  };

  it.each(['enrolling', 'renewing'])(
    '%s with names and rights that are asked for gives none of them',
    async (how) => {
      const token = controller.books.issueToken(nodeId, 'ams-1', inHalfAnHour());
      const csr = await hostile(await importPrivateKey(identity.privateKey));
      const answer =
        how === 'renewing'
          ? await renewAt(controller.nodes, identity, csr)
          : await callUnary(
              clientOf(controller.enrolment, {}),
              enrolMethod,
              create(EnrolRequestSchema, { token, csr }),
              systemClock,
              10_000,
            );
      const certificate = new X509Certificate(answer.identity?.certificate ?? new Uint8Array());
      const incarnation = how === 'renewing' ? 1 : 2;
      expect(certificate.subjectAltName).toBe(`URI:${nodeUri({ nodeId, incarnation })}`);
      expect(certificate.subject).toBe('CN=ams-1');
      expect(certificate.ca).toBe(false);
      expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    },
  );

  it('keys of other kinds are refused', async () => {
    const { subtle } = webcrypto;
    const p384 = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    for (const algorithm of [p384, rsa]) {
      const keys = (await subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
      const csr = await hostile(keys, algorithm);
      expect(await codeOf(renewAt(controller.nodes, identity, csr))).toBe(status.INVALID_ARGUMENT);
    }
    expect(await codeOf(renewAt(controller.nodes, identity, new Uint8Array(100_000)))).toBe(
      status.INVALID_ARGUMENT,
    );
  });

  it("the key of another node gives no certificate with that node's name", async () => {
    const token = controller.books.issueToken('nod_0000000000000000', 'ams-2', inHalfAnHour());
    const other = await joinNode(cleanup, controller, { token });
    const csr = await createRequest(other.privateKey);
    const answer = await renewAt(controller.nodes, identity, csr);
    expect(answer.identity?.nodeId).toBe(nodeId);
  });
});

type Shown = () => Promise<Partial<AgentIdentity>>;
const signed = (signer: () => Promise<Signer>, forgery?: Forgery): Shown => {
  return async () => forge(identity, await signer(), forgery);
};
const stolen = () => stolenAuthority(directory);

/** What is shown, what the nodes' listener and what enrolment make of it. */
const shows: [string, Shown, { nodes: number; enrolment: number }][] = [
  ['nothing', async () => ({}), { nodes: status.UNAVAILABLE, enrolment: status.INVALID_ARGUMENT }],
  [
    'one of another CA of the same name',
    signed(newSigner),
    { nodes: status.UNAVAILABLE, enrolment: status.PERMISSION_DENIED },
  ],
  [
    'one that its own key signed',
    async () => {
      const signer = await newSigner(`CN=${identity.nodeName}`);
      return forge(identity, signer);
    },
    { nodes: status.UNAVAILABLE, enrolment: status.PERMISSION_DENIED },
  ],
  [
    "one that a node's key signed",
    async () => {
      const key = await importPrivateKey(identity.privateKey);
      return forge(identity, { key, name: new X509Certificate(identity.certificate).subject });
    },
    { nodes: status.UNAVAILABLE, enrolment: status.PERMISSION_DENIED },
  ],
  [
    'one that begins tomorrow',
    signed(stolen, { from: 24, until: 48 }),
    { nodes: status.UNAVAILABLE, enrolment: status.PERMISSION_DENIED },
  ],
  [
    'one that has ended, of a serial that nobody issued',
    signed(stolen, { from: -48, until: -24 }),
    { nodes: status.UNAVAILABLE, enrolment: status.PERMISSION_DENIED },
  ],
  [
    "the controller's own kind, for serving",
    signed(stolen, { usages: [ExtendedKeyUsage.serverAuth] }),
    { nodes: status.UNAVAILABLE, enrolment: status.UNAUTHENTICATED },
  ],
  [
    'one for both',
    signed(stolen, { usages: [ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth] }),
    { nodes: status.UNAUTHENTICATED, enrolment: status.UNAUTHENTICATED },
  ],
  [
    'one with two names',
    signed(stolen, {
      names: [
        { type: 'url', value: nodeUri({ nodeId, incarnation: 1 }) },
        { type: 'url', value: otherUri },
      ],
    }),
    { nodes: status.UNAUTHENTICATED, enrolment: status.UNAUTHENTICATED },
  ],
  [
    'one without a name of ours',
    signed(stolen, { names: [{ type: 'dns', value: controllerName }] }),
    { nodes: status.UNAUTHENTICATED, enrolment: status.UNAUTHENTICATED },
  ],
  [
    'a right one of a serial that nobody issued',
    signed(stolen),
    { nodes: status.PERMISSION_DENIED, enrolment: status.PERMISSION_DENIED },
  ],
];

describe('a certificate that is not right', () => {
  it.each(shows)('%s is refused on both listeners', async (_what, show, expected) => {
    const shown = await show();
    const node = new RawNode(cleanup, controller.nodes, { caCertificate: identity.caCertificate, ...shown });
    expect((await node.sync().send(hello()).ended).code).toBe(expected.nodes);
    expect((await node.report().send(reportBytes(1n)).ended).code).toBe(expected.nodes);
    expect(await codeOf(renewAt(controller.nodes, shown))).toBe(expected.nodes);
    expect(await codeOf(recoverWith(shown))).toBe(expected.enrolment);
    expect(controller.books.events).toEqual([]);
    expect(controller.books.booked.size).toBe(0);
  });
});

describe('a controller that is not right', () => {
  const pretend: [string, () => Promise<Partial<AgentIdentity>>][] = [
    ["a node's certificate", async () => identity],
    [
      'one of another CA',
      signed(newSigner, {
        usages: [ExtendedKeyUsage.serverAuth],
        names: [{ type: 'dns', value: controllerName }],
      }),
    ],
    [
      'one of another name',
      signed(stolen, {
        usages: [ExtendedKeyUsage.serverAuth],
        names: [{ type: 'dns', value: 'example.net' }],
      }),
    ],
    [
      'one that has ended',
      signed(stolen, {
        usages: [ExtendedKeyUsage.serverAuth],
        names: [{ type: 'dns', value: controllerName }],
        from: -48,
        until: -24,
      }),
    ],
    ['one for dialling', signed(stolen, { names: [{ type: 'dns', value: controllerName }] })],
  ];

  it.each(pretend)('that shows %s hears no word of a node, and closes none', async (_what, show) => {
    const { privateKey: key, certificate: cert } = await show();
    const heard: unknown[] = [];
    const options = {
      key,
      cert,
      ALPNProtocols: ['h2'],
      requestCert: true,
      rejectUnauthorized: false,
    } as TlsOptions;
    let dialled = 0;
    const impostor = createServer(options, (socket) => {
      socket.on('error', () => undefined).on('data', (bytes) => heard.push(bytes));
    });
    impostor.on('connection', () => {
      dialled += 1;
    });
    impostor.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
    cleanup.add(() => new Promise((resolve) => impostor.close(resolve)));
    const { port } = impostor.address() as { port: number };
    const agent = await startAgent(cleanup, { ...identity, controllerAddress: `127.0.0.1:${port}` });
    await until(() => expect(dialled).toBeGreaterThan(1));
    expect(agent.south.state()).toBe('unreachable');
    expect(agent.sink.refusedCount).toBe(0);
    await agent.stop();
    // TLS 1.3 lets a client speak before the server has looked at it, but not before it has looked at the server.
    expect(heard).toEqual([]);
  });
});

describe('a stolen identity', () => {
  it('that runs beside the node is noticed within seconds, and neither goes on', async () => {
    const agents = await Promise.all([startAgent(cleanup, identity), startAgent(cleanup, identity)]);
    await until(() => expect(controller.books.events).toContain(`quarantined ${nodeId}`));
    for (const agent of agents) await until(() => expect(agent.south.state()).toBe('revoked'));
    for (const agent of agents) expect(agent.sink.refusedCount).toBeGreaterThan(0);
    expect(controller.state.streams).toEqual({ sync: 0, usage: 0 });
    expect(controller.books.events.filter((event) => event.startsWith('quarantined'))).toHaveLength(1);
  });

  it('is noticed also where so much was asked for under its name that neither is greeted any more', async () => {
    // Time stands for what may be asked, and the wait for more goes on.
    const strict = await startController(cleanup, { clock: { ...systemClock, monotonic: () => 0 } });
    const stolen = await joinNode(cleanup, strict);
    const greedy = new RawNode(cleanup, strict.nodes, stolen);
    for (let n = 0; n < demandLimit.burst / 10; n += 1) {
      const stream = greedy.sync().listen().send(hello());
      await until(() => expect(stream.received).not.toHaveLength(0));
    }
    const agents = await Promise.all([startAgent(cleanup, stolen), startAgent(cleanup, stolen)]);
    await until(() => expect(strict.books.events).toContain(`quarantined ${nodeId}`));
    for (const agent of agents) await until(() => expect(agent.south.state()).toBe('revoked'));
  });

  it('an agent that restarts again and again is no thief', async () => {
    for (let restart = 0; restart < 8; restart += 1) {
      const agent = await startAgent(cleanup, identity);
      await until(() => expect(agent.south.state()).toBe('connected'));
      await agent.stop();
    }
    expect(controller.books.events.filter((event) => event.startsWith('quarantined'))).toEqual([]);
  });

  it('a Hello that does not say which process it is of is refused', async () => {
    const node = new RawNode(cleanup, controller.nodes, identity);
    const nameless = hello(0n, undefined, new Uint8Array(0));
    expect((await node.sync().send(nameless).ended).code).toBe(status.INVALID_ARGUMENT);
  });
});

it('a certificate is recovered for its own key only', async () => {
  const { privateKey } = await joinNode(cleanup, controller, {
    token: controller.books.issueToken('nod_0000000000000000', 'ams-2', inHalfAnHour()),
  });
  expect(await codeOf(recoverWith(identity, privateKey))).toBe(status.INVALID_ARGUMENT);
  expect((await recoverWith(identity)).identity).toMatchObject({ nodeId, incarnation: 1 });
  controller.books.revoke(nodeId);
  expect(await codeOf(recoverWith(identity))).toBe(status.UNAUTHENTICATED);
});

it('a key that renews a certificate proves that it is there', async () => {
  const { publicKey } = await createKeyPair();
  const keys = { publicKey, privateKey: (await createKeyPair()).privateKey };
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys,
    signingAlgorithm: keyAlgorithm,
  });
  const csr = new Uint8Array(request.rawData);
  expect(await codeOf(renewAt(controller.nodes, identity, csr))).toBe(status.INVALID_ARGUMENT);
});

it('a node that says Hello again and again is made to wait after some times, and others are greeted at once', async () => {
  // Nothing is earned meanwhile, and who has to wait does so for longer than the others take.
  const sleep = (ms: number, signal?: AbortSignal) => systemClock.sleep(ms * 20, signal);
  const clock = { ...systemClock, monotonic: () => 0, sleep };
  const strict = await startController(cleanup, { clock });
  const greedy = new RawNode(cleanup, strict.nodes, await joinNode(cleanup, strict));
  for (let n = 0; n < demandLimit.burst / 10; n += 1) {
    const stream = greedy.sync().listen().send(hello());
    await until(() => expect(stream.received).not.toHaveLength(0));
  }
  const waiting = greedy.sync().listen().send(hello());
  const token = strict.books.issueToken('nod_0000000000000000', 'ams-2', inHalfAnHour());
  const other = new RawNode(cleanup, strict.nodes, await joinNode(cleanup, strict, { token }));
  const stream = other.sync().listen().send(hello());
  await until(() => expect(stream.received).not.toHaveLength(0));
  expect(waiting.received).toHaveLength(0);
});
