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
