import { X509Certificate } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import { parseNodeSubjectAltName } from '../../common/pki/names.ts';
import type { NodeIdentity } from '../south/ports.ts';
import type { Authorities } from './authorities.ts';

export interface Caller {
  readonly identity: NodeIdentity;
  /** Hex, as the store keeps it. */
  readonly serial: string;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Pin of the CA that signed it. */
  readonly authorityPin: string;
}

/** Extended key usage: for dialling (RFC 5280, 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';

/**
 * Who a node is, from its certificate (DER). Everything but its time is looked at: TLS lets none that has ended to the
 * nodes' listener, and at enrolment one is renewed. That the caller has its key is the caller's to prove.
 * @throws TurnpikeError `unauthenticated` when it is no node's certificate; `forbidden` when no CA of the fleet signed it,
 * which is no word of revocation
 */
export function readCaller(certificate: Uint8Array | undefined, authorities: Authorities): Caller {
  const leaf = parse(certificate);
  const authority = authorities.issuerOf(leaf);
  if (!authority) {
    throw new TurnpikeError('forbidden', 'this certificate is of no CA of this fleet', {
      remedy: 'the CA was changed while the node was away, perhaps; join it anew with a new token',
    });
  }
  const named = parseNodeSubjectAltName(leaf.subjectAltName);
  if (!named || leaf.ca || leaf.keyUsage?.join() !== clientAuth) {
    throw new TurnpikeError('unauthenticated', "this is not a node's certificate");
  }
  const { CN: name } = leaf.toLegacyObject().subject;
  return {
    identity: { ...named, nodeName: (Array.isArray(name) ? name[0] : name) ?? '' },
    serial: leaf.serialNumber.toLowerCase(),
    notAfter: leaf.validToDate.getTime(),
    publicKey: leaf.publicKey.export({ type: 'spki', format: 'der' }),
    authorityPin: authority.pin,
  };
}

function parse(certificate: Uint8Array | undefined): X509Certificate {
  try {
    if (certificate) return new X509Certificate(certificate);
  } catch {
    // Its words are about ASN.1.
  }
  throw new TurnpikeError('invalid', 'this is no certificate');
}
