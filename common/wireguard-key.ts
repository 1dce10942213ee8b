import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { TurnpikeError } from './errors.ts';

/** DER around a raw X25519 private key (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/**
 * Checks a WireGuard key: 32 bytes in base64, 44 characters. The key is not repeated in the error: people paste
 * private keys where public ones belong.
 * @throws TurnpikeError `invalid`
 */
export function parseWireguardKey(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== text || bytes.every((byte) => byte === 0)) {
    throw new TurnpikeError('invalid', 'this is not a WireGuard key', {
      remedy: 'give 32 bytes in base64 (44 characters), as "wg genkey" and "wg pubkey" print them',
    });
  }
  return text;
}

export interface WireguardKeyPair {
  /** Base64, both. */
  readonly privateKey: string;
  readonly publicKey: string;
}

export function generateWireguardKeyPair(): WireguardKeyPair {
  const { privateKey } = generateKeyPairSync('x25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  return {
    privateKey: der.subarray(pkcs8.length).toString('base64'),
    publicKey: rawPublicKey(createPublicKey(privateKey)),
  };
}

/** The public key that belongs to a private one. */
export function publicKeyOf(privateKey: string): string {
  const der = Buffer.concat([pkcs8, Buffer.from(parseWireguardKey(privateKey), 'base64')]);
  return rawPublicKey(createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })));
}

function rawPublicKey(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
}
