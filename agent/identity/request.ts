import { createPrivateKey, createPublicKey } from 'node:crypto';
import { importPrivateKey, keyAlgorithm } from '../../common/pki/keys.ts';
import { Pkcs10CertificateRequestGenerator } from '../../common/pki/x509.ts';

/** A certificate request (PKCS#10, DER) for this key. The name in it is for show: the controller gives its own. */
export async function createRequest(privateKey: string): Promise<Uint8Array> {
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: ['turnpike node'] }],
    keys: await importPrivateKey(privateKey),
    signingAlgorithm: keyAlgorithm,
  });
  return new Uint8Array(request.rawData);
}

/** SubjectPublicKeyInfo, DER. */
export function publicKeyOf(privateKey: string): Buffer {
  return createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'der' });
}
