import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { TurnpikeError } from './errors.ts';

/** DER around a raw private X25519 key (RFC 8410). */
const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Of Curve25519: coordinates are counted modulo this. */
const prime = 2n ** 255n - 19n;

/** The u coordinates of all points whose order divides eight, on the curve and on its twist. */
const lowOrder: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  prime - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]);

// 32 bytes in base64: the last digit carries two bits of padding, which are zero.
const pattern = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** 32 zero bytes: "no preshared key", as WireGuard says it, and nobody's key. */
export const noKey = `${'A'.repeat(43)}=`;

/** Whether this is how keys are written, so that it can be one. */
export function looksLikeWireguardKey(text: string): boolean {
  return pattern.test(text);
}

/**
 * Checks a WireGuard key: 32 bytes in base64, 44 characters. The key is not repeated in the error: people paste
 * private keys where public ones belong.
 * @param what names the key in the error
 * @throws TurnpikeError `invalid`
 */
export function parseWireguardKey(text: string, what = 'this'): string {
  if (!pattern.test(text) || text === noKey) {
    throw new TurnpikeError('invalid', `${what} is not a WireGuard key`, {
      remedy: 'give 32 bytes in base64 (44 characters), as "wg genkey" and "wg pubkey" print them',
    });
  }
  return text;
}

/**
 * Checks a public key, also that a secret can be agreed on with it: with a point of low order the outcome is always
 * zero (RFC 7748, section 6.1), and WireGuard would never complete a handshake.
 * @throws TurnpikeError `invalid`
 */
export function parsePublicKey(text: string): string {
  const littleEndian = Buffer.from(parseWireguardKey(text), 'base64').reverse();
  // The highest bit is not part of the coordinate (RFC 7748, section 5).
  const coordinate = BigInt(`0x${littleEndian.toString('hex')}`) & (2n ** 255n - 1n);
  if (lowOrder.has(coordinate % prime)) {
    throw new TurnpikeError('invalid', "this public key is a point of low order, which is nobody's", {
      remedy: 'give what "wg pubkey" prints',
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
