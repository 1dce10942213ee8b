import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { TurnpikeError } from '../../common/errors.ts';
import { parseNodeSubjectAltName } from '../../common/pki/names.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Authorities } from './authorities.ts';

export interface Caller {
  readonly identity: NodeIdentity;
  /** Hex, as the store keeps it. */
  readonly serial: string;
  readonly notAfter: number;
  /** Pin of the CA that signed it. */
  readonly authorityPin: string;
}

/** Extended key usage: for dialling (RFC 5280, 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Who a peer is, from the certificate of whose key TLS has seen proof. Everything but its time is looked at: the nodes'
 * listener refuses a certificate that has ended, enrolment is where it is renewed.
 * @throws TurnpikeError `unauthenticated` when it is no node's certificate; `forbidden` when no CA of the fleet signed it,
 * which is no word of revocation
 */
export function readCaller(certificate: PeerCertificate | undefined, authorities: Authorities): Caller {
  if (!certificate?.raw) throw new TurnpikeError('forbidden', 'no certificate was shown');
  const leaf = new X509Certificate(certificate.raw);
  const authority = authorities.issuerOf(certificate.raw);
  if (!authority) {
    throw new TurnpikeError('forbidden', 'this certificate is of no CA of this fleet', {
      remedy: 'the CA was changed while the node was away, perhaps; join it anew with a new token',
    });
  }
  const named = parseNodeSubjectAltName(leaf.subjectAltName);
  if (!named || leaf.ca || leaf.keyUsage?.join() !== clientAuth) {
    throw new TurnpikeError('unauthenticated', "this is not a node's certificate");
  }
  const { CN: name } = certificate.subject;
  return {
    identity: { ...named, nodeName: (Array.isArray(name) ? name[0] : name) ?? '' },
    serial: leaf.serialNumber.toLowerCase(),
    notAfter: leaf.validToDate.getTime(),
    authorityPin: authority.pin,
  };
}
