import { describe, expect, it } from 'vitest';
import { generateWireguardKeyPair, parseWireguardKey, publicKeyOf } from './wireguard-key.ts';

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
});
