import { createHash, webcrypto } from 'node:crypto';

/** All keys of the fleet's identities, and how they sign: ECDSA on P-256 with SHA-256 (RFC 5480). */
export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export type KeyPair = webcrypto.CryptoKeyPair;

export function createKeyPair(): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']) as Promise<KeyPair>;
}

/** PKCS#8 in PEM. */
export async function exportPrivateKey(key: webcrypto.CryptoKey): Promise<string> {
  return pem('PRIVATE KEY', new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', key)));
}

/** The pair of a PKCS#8 private key in PEM. Throws what WebCrypto throws when it is not one of P-256. */
export async function importPrivateKey(text: string): Promise<KeyPair> {
  const der = parsePem('PRIVATE KEY', text);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, true, ['sign']);
  const { d: _secret, key_ops: _ops, ...publicPart } = await webcrypto.subtle.exportKey('jwk', privateKey);
  const publicKey = await webcrypto.subtle.importKey('jwk', publicPart, keyAlgorithm, true, ['verify']);
  return { privateKey, publicKey };
}

/** SubjectPublicKeyInfo, DER. */
export async function exportPublicKey(key: webcrypto.CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.exportKey('spki', key));
}

export function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** DER of the first block with that label. */
export function parsePem(label: string, text: string): Buffer<ArrayBuffer> {
  const match = new RegExp(`-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]+)-----END ${label}-----`).exec(text);
  if (!match?.[1]) throw new Error(`no ${label} block`);
  return Buffer.from(match[1], 'base64');
}

export function sha256(bytes: Uint8Array | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}
