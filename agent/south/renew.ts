import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import {
  EnrolmentService,
  type Identity,
  IdentityService,
  RecoverRequestSchema,
  RenewRequestSchema,
} from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { callUnary } from '../../common/grpc/call.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import { parsePem } from '../../common/pki/keys.ts';
import { controllerName } from '../../common/pki/names.ts';
import { acceptIdentity } from '../identity/accept.ts';
import { type AgentIdentity, trustedBy } from '../identity/identity.ts';
import { createRequest } from '../identity/request.ts';
import { trusting } from '../identity/tls.ts';
import type { ControllerConnection } from './connection.ts';
import type { IdentityStore } from './ports.ts';

const renewMethod = methodDefinition(IdentityService.method.renew);
const recoverMethod = methodDefinition(EnrolmentService.method.recover);
const timeoutMs = 30_000;

export interface RenewOptions {
  readonly connection: ControllerConnection;
  readonly store: IdentityStore;
  readonly clock: Clock;
}

/** Renews the certificate over the connection that is there. @throws why it could not */
export async function renew(options: RenewOptions): Promise<void> {
  const { connection, store, clock } = options;
  await store.checkRoom();
  const { identity } = connection;
  const request = create(RenewRequestSchema, { csr: await createRequest(identity.privateKey) });
  const { client } = connection.channel();
  await keep(await callUnary(client, renewMethod, request, clock, timeoutMs), identity, options);
}

/**
 * Renews a certificate that has ended, at enrolment, where none is asked for to get in. The controller looks whether the
 * identity is still good.
 * @throws why it could not; UNAUTHENTICATED of gRPC when the identity was revoked
 */
export async function recover(options: RenewOptions): Promise<void> {
  await options.store.checkRoom();
  const { identity } = options.connection;
  const client = new Client(
    identity.enrolmentAddress,
    credentials.createFromSecureContext(trusting(trustedBy(identity))),
    {
      'grpc.ssl_target_name_override': controllerName,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    },
  );
  const request = create(RecoverRequestSchema, {
    certificate: parsePem('CERTIFICATE', identity.certificate),
    csr: await createRequest(identity.privateKey),
  });
  try {
    const answer = await callUnary(client, recoverMethod, request, options.clock, timeoutMs);
    await keep(answer, identity, options);
  } finally {
    client.close();
  }
}

async function keep(
  answer: { readonly identity?: Identity | undefined },
  identity: AgentIdentity,
  { connection, store, clock }: RenewOptions,
): Promise<void> {
  const renewed = acceptIdentity(answer.identity, identity, clock.now());
  if (renewed.nodeId !== identity.nodeId || renewed.incarnation !== identity.incarnation) {
    throw new TurnpikeError('unavailable', 'the controller renewed the certificate of another node');
  }
  await store.save(renewed);
  connection.replaceIdentity(renewed);
}
