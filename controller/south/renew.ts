import { create } from '@bufbuild/protobuf';
import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import {
  type RenewRequest,
  type RenewResponse,
  RenewResponseSchema,
} from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { publicKeyOfRequest } from '../identity/csr.ts';
import { readCaller } from '../identity/peer.ts';
import type { SouthContext } from './context.ts';
import { identityMessage } from './identity-message.ts';
import { requireValid } from './live-streams.ts';
import { answer } from './unary.ts';

/**
 * IdentityService.Renew: a fresh certificate for the identity that calls. `admit` comes before anything that costs.
 */
export function renewHandler(
  context: SouthContext,
  admit: (call: ServerUnaryCall<RenewRequest, RenewResponse>) => void = () => undefined,
): handleUnaryCall<RenewRequest, RenewResponse> {
  const { authorities, identities, log, state } = context;
  return answer(log, async (call) => {
    admit(call);
    const { identity, serial } = readCaller(call.getAuthContext().sslPeerCertificate, authorities);
    requireValid(await identities.standing(identity, serial));
    const publicKey = await publicKeyOfRequest(call.request.csr);
    const certificate = await authorities.issuing.issueNode(identity, publicKey);
    await identities.renewed(identity, certificate);
    state.counters.certificatesRenewed += 1;
    log.info({ node: identity.nodeId }, 'certificate renewed');
    return create(RenewResponseSchema, { identity: identityMessage(identity, certificate, authorities) });
  });
}
