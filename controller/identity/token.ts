import { randomBytes } from 'node:crypto';
import { sha256 } from '../../common/pki/keys.ts';

/** How long a join token may be redeemed. */
export const joinTokenLifeMs = 30 * 60_000;

/**
 * A join token: 256 random bits. In hexadecimal, so that none begins with a dash, which a command line would take for an
 * option. Shown once; only its hash is kept.
 */
export function newJoinToken(): { readonly token: string; readonly hash: Uint8Array } {
  const token = randomBytes(32).toString('hex');
  return { token, hash: hashJoinToken(token) };
}

/** SHA-256 of the token's text. A fast hash does: there are no 2^256 tokens to try. */
export function hashJoinToken(token: string): Uint8Array {
  return new Uint8Array(sha256(token));
}
