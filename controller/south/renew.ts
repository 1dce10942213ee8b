import { create } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
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

/** IdentityService.Renew: a fresh certificate for the identity that calls. */
export function renewHandler(context: SouthContext): handleUnaryCall<RenewRequest, RenewResponse> {
  return answer(context.log, async (call) => {
    const { identity, serial } = readCaller(call.getAuthContext().sslPeerCertificate);
    requireValid(await context.identities.standing(identity, serial));
    const publicKey = await publicKeyOfRequest(call.request.csr);
    const certificate = await context.authority.issueNode(identity, publicKey);
    await context.identities.renewed(identity, certificate);
    context.state.counters.certificatesRenewed += 1;
    context.log.info({ node: identity.nodeId }, 'certificate renewed');
    return create(RenewResponseSchema, {
      identity: identityMessage(identity, certificate, context.authority),
    });
  });
}
