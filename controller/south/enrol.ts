import { create } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { TurnpikeError } from '../../common/errors.ts';
import {
  type EnrolRequest,
  type EnrolResponse,
  EnrolResponseSchema,
} from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { sha256 } from '../../common/pki/keys.ts';
import { publicKeyOfRequest } from '../identity/csr.ts';
import { hashJoinToken } from '../identity/token.ts';
import type { SouthContext } from './context.ts';
import type { EnrolmentLimit } from './enrolment-limit.ts';
import { identityMessage } from './identity-message.ts';
import type { JoinToken } from './ports.ts';
import { answer } from './unary.ts';

/** EnrolmentService.Enrol: a one-time token and a public key become a node's identity. */
export function enrolHandler(
  context: SouthContext,
  limit: EnrolmentLimit,
): handleUnaryCall<EnrolRequest, EnrolResponse> {
  const { clock, log, state } = context;
  return answer(log, async (call) => {
    try {
      limit.admit(call.getPeer(), clock.monotonic());
      const response = await enrol(call.request, context);
      state.counters.enrolmentsAccepted += 1;
      return response;
    } catch (error) {
      state.counters.enrolmentsRefused += 1;
      const reason = error instanceof TurnpikeError ? error.code : 'internal';
      // What is over the limit may come as fast as the network allows: it must not fill the log.
      log[reason === 'exhausted' ? 'debug' : 'warn']({ reason }, 'an attempt to join was refused');
      throw error;
    }
  });
}

async function enrol(request: EnrolRequest, context: SouthContext): Promise<EnrolResponse> {
  const { authorities, clock, identities, log } = context;
  const publicKey = await publicKeyOfRequest(request.csr);
  const publicKeyHash = new Uint8Array(sha256(publicKey));
  const hash = hashJoinToken(request.token);
  checkToken(await identities.token(hash), publicKeyHash, clock.now());
  const { identity, certificate } = await identities.redeem(hash, publicKeyHash, (issued) =>
    authorities.issuing.issueNode(issued, publicKey),
  );
  log.info({ node: identity.nodeId, incarnation: identity.incarnation }, 'node enrolled');
  return create(EnrolResponseSchema, {
    identity: identityMessage(identity, certificate, authorities),
    controllerAddress: context.controllerAddress(),
  });
}

/**
 * Says what is wrong with a token. Telling apart unknown, used and expired helps nobody who guesses: there are 2^256
 * tokens.
 */
function checkToken(token: JoinToken | undefined, publicKeyHash: Uint8Array, now: number): void {
  const remedy = 'make a new one with "turnpike node token NODE"';
  if (!token) throw new TurnpikeError('unauthenticated', 'this join token is not known', { remedy });
  if (token.expiresAt <= now) {
    throw new TurnpikeError('unauthenticated', 'this join token has expired', { remedy });
  }
  if (token.publicKeyHash && !Buffer.from(token.publicKeyHash).equals(publicKeyHash)) {
    throw new TurnpikeError('unauthenticated', 'this join token was used already, with another key', {
      remedy,
    });
  }
}
