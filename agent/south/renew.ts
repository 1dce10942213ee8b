import { create } from '@bufbuild/protobuf';
import { Client, credentials } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { TurnpikeError } from '../../common/errors.ts';
import { IdentityService, RenewRequestSchema } from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { callUnary } from '../../common/grpc/call.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import { controllerName } from '../../common/pki/names.ts';
import { acceptIdentity } from '../identity/accept.ts';
import { type AgentIdentity, trustedBy } from '../identity/identity.ts';
import { createRequest } from '../identity/request.ts';
import { trusting } from '../identity/tls.ts';
import type { ControllerConnection } from './connection.ts';

const method = methodDefinition(IdentityService.method.renew);
const timeoutMs = 30_000;

export interface RenewOptions {
  readonly connection: ControllerConnection;
  /** Stores the new identity before it is used. */
  readonly save: (identity: AgentIdentity) => Promise<void>;
  readonly clock: Clock;
}

/** Renews the certificate over the connection that is there. @throws why it could not */
export async function renew(options: RenewOptions): Promise<void> {
  await renewOver(options.connection.channel().client, options);
}

/**
 * Renews a certificate that has ended, at enrolment: the handshake there proves that we have its key, and the controller
 * looks whether the identity is still good.
 * @throws why it could not; `unauthenticated` of gRPC when the identity was revoked
 */
export async function recover(options: RenewOptions): Promise<void> {
  const { identity } = options.connection;
  const client = new Client(
    identity.enrolmentAddress,
    credentials.createFromSecureContext(trusting(trustedBy(identity), identity)),
    {
      'grpc.ssl_target_name_override': controllerName,
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    },
  );
  try {
    await renewOver(client, options);
  } finally {
    client.close();
  }
}

async function renewOver(client: Client, { connection, save, clock }: RenewOptions): Promise<void> {
  const { identity } = connection;
  const request = create(RenewRequestSchema, { csr: await createRequest(identity.privateKey) });
  const response = await callUnary(client, method, request, clock, timeoutMs);
  const renewed = acceptIdentity(response.identity, identity, clock.now());
  if (renewed.nodeId !== identity.nodeId || renewed.incarnation !== identity.incarnation) {
    throw new TurnpikeError('unavailable', 'the controller renewed the certificate of another node');
  }
  await save(renewed);
  connection.replaceIdentity(renewed);
}
