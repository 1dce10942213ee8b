import { createPrivateKey, createPublicKey } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import { publicKeyOf } from '../../common/wireguard-key.ts';

// 32 bytes in base64: the last digit carries two bits of padding, which are zero.
const pattern = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** No preshared key, as WireGuard says it: 32 zero bytes. */
export const noPresharedKey = `${'A'.repeat(43)}=`;

/**
 * @param what names the key in the message, which never holds the key itself
 * @throws TurnpikeError `invalid`
 */
export function checkKey(key: string, what: string): string {
  if (!pattern.test(key)) throw new TurnpikeError('invalid', `${what} is not a WireGuard key in base64`);
  return key;
}

// An X25519 private key in PKCS #8 (RFC 8410), without the 32 bytes of the key itself.
const pkcs8Prefix = '302e020100300506032b656e04220420';

/** The public key, in base64, of a private key in hex. */
export function derivePublicKey(privateKeyHex: string): string {
  const key = createPrivateKey({
    key: Buffer.from(pkcs8Prefix + privateKeyHex, 'hex'),
    format: 'der',
    type: 'pkcs8',
  });
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(String(jwk['x']), 'base64url').toString('base64');
}

export function keyToHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

export function keyFromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** The public key, in base64, of a private key in hex. */
export function derivePublicKey(privateKeyHex: string): string {
  return publicKeyOf(keyFromHex(privateKeyHex));
}
