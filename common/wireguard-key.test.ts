import { describe, expect, it } from 'vitest';
import { generateWireguardKeyPair, parsePublicKey, parseWireguardKey, publicKeyOf } from './wireguard-key.ts';

describe('WireGuard keys', () => {
  it('derives the public key that wg pubkey prints', () => {
    expect(publicKeyOf('KMoDvE4Y8+v9NTkFQHIYwTMr5zCxsZEjCAXQFHCgPmU=')).toBe(
      '/oDrnsQ7+sfSNpJi2AyMlV34G08RIMsMecJJRNL+ewI=',
    );
  });

  it('makes pairs that belong together', () => {
    const pair = generateWireguardKeyPair();
    expect(parseWireguardKey(pair.privateKey)).toBe(pair.privateKey);
    expect(publicKeyOf(pair.privateKey)).toBe(pair.publicKey);
  });

  it.each(['', 'short', 'A'.repeat(44), `${'A'.repeat(43)}=`, 'not base64!!'])(
    'refuses %j without repeating it',
    (text) => {
      expect(() => parseWireguardKey(text)).toThrow('this is not a WireGuard key');
    },
  );

  // All there are, as the attacks on X25519 list them: the field has two forms of some, and the top bit does not count.
  it.each([
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ])('refuses the point of low order %s as a public key', (hex) => {
    const key = Buffer.from(hex, 'hex').toString('base64');
    expect(() => parsePublicKey(key)).toThrow('low order');
  });

  it('takes every public key that belongs to a private one', () => {
    const { publicKey } = generateWireguardKeyPair();
    expect(parsePublicKey(publicKey)).toBe(publicKey);
  });
});
