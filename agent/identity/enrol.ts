import { create } from '@bufbuild/protobuf';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { Clock } from '../../common/clock.ts';
import { type ErrorCode, TurnpikeError } from '../../common/errors.ts';
import {
  EnrolmentService,
  EnrolRequestSchema,
  type EnrolResponse,
} from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { callUnary } from '../../common/grpc/call.ts';
import { methodDefinition } from '../../common/grpc/service.ts';
import { formatHostPort, type HostPort } from '../../common/host-port.ts';
import { controllerName } from '../../common/pki/names.ts';
import { createRequest } from './request.ts';
import { trusting } from './tls.ts';

const timeoutMs = 20_000;

/**
 * Redeems a token with this key over TLS that trusts only the pinned CA.
 * @throws TurnpikeError in words for the person who joins the node
 */
export async function enrol(
  address: HostPort,
  token: string,
  privateKey: string,
  caCertificate: string,
  clock: Clock,
): Promise<EnrolResponse> {
  const method = methodDefinition(EnrolmentService.method.enrol);
  const client = new Client(
    formatHostPort(address),
    credentials.createFromSecureContext(trusting([caCertificate])),
    { 'grpc.ssl_target_name_override': controllerName, 'grpc.enable_retries': 0 },
  );
  const request = create(EnrolRequestSchema, { token, csr: await createRequest(privateKey) });
  try {
    return await callUnary(client, method, request, clock, timeoutMs);
  } catch (error) {
    throw describe(error, address);
  } finally {
    client.close();
  }
}

/** Answers whose words the controller chose for the person who joins. */
const spoken = new Map<status, ErrorCode>([
  [status.UNAUTHENTICATED, 'unauthenticated'],
  [status.INVALID_ARGUMENT, 'invalid'],
  [status.RESOURCE_EXHAUSTED, 'exhausted'],
  [status.INTERNAL, 'unavailable'],
]);

function describe(error: unknown, address: HostPort): unknown {
  if (!isServiceError(error)) return error;
  const code = spoken.get(error.code);
  if (code) return new TurnpikeError(code, error.details);
  const where = formatHostPort(address);
  if (error.code === status.UNIMPLEMENTED) {
    return new TurnpikeError('invalid', `nodes cannot join at ${where}`, {
      remedy: "the join command names the controller's enrolment port, by default 7444",
    });
  }
  return new TurnpikeError('unavailable', 'the controller did not answer the request to join', {
    remedy: `repeat the same command: the key is kept, and a token that was just redeemed still works with it; if it happens again, look whether ${where} is the enrolment port (by default 7444)`,
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error;
}
