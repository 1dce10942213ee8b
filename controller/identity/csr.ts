import { TurnpikeError } from '../../common/errors.ts';
import { Pkcs10CertificateRequest } from '../../common/pki/x509.ts';

/** Longest CSR looked at; one of P-256 has about 250 bytes. */
const longest = 4096;

/**
 * The public key of a certificate request (PKCS#10, DER) as SubjectPublicKeyInfo, after checking that the sender has
 * the private key. Whatever else the request asks for (names, extensions) is not looked at.
 * @throws TurnpikeError `invalid`
 */
export async function publicKeyOfRequest(der: Uint8Array): Promise<Uint8Array> {
  try {
    if (der.length > longest) throw new Error('too long');
    const request = new Pkcs10CertificateRequest(Buffer.from(der));
    const algorithm = request.publicKey.algorithm as { namedCurve?: string };
    if (algorithm.namedCurve !== 'P-256') throw new Error('not a key on P-256');
    if (!(await request.verify())) throw new Error('not signed by its key');
    return new Uint8Array(request.publicKey.rawData);
  } catch (error) {
    // The parser's own words are about ASN.1 and help nobody.
    throw new TurnpikeError('invalid', 'this is not a certificate request for a key on P-256', {
      cause: error,
    });
  }
}
