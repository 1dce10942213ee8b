import type { PeerCertificate } from 'node:tls';
import { TurnpikeError } from '../../common/errors.ts';
import { parseNodeSubjectAltName } from '../../common/pki/names.ts';
import type { NodeIdentity } from '../south/ports.ts';

export interface Caller {
  readonly identity: NodeIdentity;
  /** Hex, as the store keeps it. */
  readonly serial: string;
  readonly notAfter: number;
}

/**
 * Who a peer is, from the certificate that TLS has verified against the fleet's CA.
 * @throws TurnpikeError `unauthenticated` when it is no node's certificate.
 */
export function readCaller(certificate: PeerCertificate | undefined): Caller {
  const named = parseNodeSubjectAltName(certificate?.subjectaltname);
  if (!certificate || !named) throw new TurnpikeError('unauthenticated', "this is not a node's certificate");
  const { CN: name } = certificate.subject;
  return {
    identity: { ...named, nodeName: (Array.isArray(name) ? name[0] : name) ?? '' },
    serial: certificate.serialNumber.toLowerCase(),
    notAfter: Date.parse(certificate.valid_to),
  };
}
