import { create } from '@bufbuild/protobuf';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { TurnpikeError } from '../../common/errors.ts';
import {
  type Identity,
  type RecoverRequest,
  type RecoverResponse,
  RecoverResponseSchema,
  type RenewRequest,
  type RenewResponse,
  RenewResponseSchema,
} from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import { publicKeyOfRequest } from '../identity/csr.ts';
import { type Caller, readCaller } from '../identity/peer.ts';
import type { SouthContext } from './context.ts';
import type { EnrolmentLimit } from './enrolment-limit.ts';
import { identityMessage } from './identity-message.ts';
import { requireValid } from './live-streams.ts';
import type { RenewalLimit } from './renewal-limit.ts';
import { answer } from './unary.ts';

/** IdentityService.Renew: a fresh certificate for the identity that calls. */
export function renewHandler(
  context: SouthContext,
  renewals: RenewalLimit,
): handleUnaryCall<RenewRequest, RenewResponse> {
  return answer(context.log, async (call) => {
    const caller = readCaller(call.getAuthContext().sslPeerCertificate?.raw, context.authorities);
    const identity = await renew(caller, await publicKeyOfRequest(call.request.csr), context, renewals);
    return create(RenewResponseSchema, { identity });
  });
}

/** EnrolmentService.Recover: the same for one whose certificate has ended, and for its own key only. */
export function recoverHandler(
  context: SouthContext,
  limit: EnrolmentLimit,
  renewals: RenewalLimit,
): handleUnaryCall<RecoverRequest, RecoverResponse> {
  return answer(context.log, async (call) => {
    limit.admit(call.getPeer(), context.clock.monotonic());
    const { certificate, csr } = call.request;
    const caller = readCaller(certificate, context.authorities);
    const publicKey = await publicKeyOfRequest(csr);
    if (!Buffer.from(caller.publicKey).equals(publicKey)) {
      throw new TurnpikeError('invalid', 'this certificate request is of another key than the certificate');
    }
    return create(RecoverResponseSchema, { identity: await renew(caller, publicKey, context, renewals) });
  });
}

async function renew(
  caller: Caller,
  publicKey: Uint8Array,
  { authorities, clock, identities, log, state }: SouthContext,
  renewals: RenewalLimit,
): Promise<Identity> {
  const { identity, serial } = caller;
  requireValid(await identities.standing(identity, caller));
  renewals.admit(identity.nodeId, clock.monotonic());
  const certificate = await authorities.issuing.issueNode(identity, publicKey);
  await identities.renewed(identity, certificate, serial);
  state.counters.certificatesRenewed += 1;
  log.info({ node: identity.nodeId }, 'certificate renewed');
  return identityMessage(identity, certificate, authorities);
}
