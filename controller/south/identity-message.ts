import { create } from '@bufbuild/protobuf';
import { type Identity, IdentitySchema } from '../../common/gen/turnpike/v1/enrolment_pb.ts';
import type { Authorities } from '../identity/authorities.ts';
import type { IssuedCertificate, NodeIdentity } from './ports.ts';

export function identityMessage(
  identity: NodeIdentity,
  certificate: IssuedCertificate,
  { serving, next }: Authorities,
): Identity {
  return create(IdentitySchema, {
    nodeId: identity.nodeId,
    nodeName: identity.nodeName,
    incarnation: identity.incarnation,
    certificate: certificate.der,
    caCertificate: serving.certificate,
    ...(next && { nextCaCertificate: next.certificate }),
  });
}
