import { publicKeyOf } from '../../common/wireguard-key.ts';

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
