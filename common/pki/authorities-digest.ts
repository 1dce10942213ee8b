import { createHash } from 'node:crypto';

/** The digest of sync.proto, Authorities, over the CAs of a fleet (DER). Both sides compute it. */
export function authoritiesDigest(serving: Uint8Array, next: Uint8Array | undefined): Uint8Array {
  const hash = createHash('sha256').update(serving);
  if (next) hash.update(next);
  return new Uint8Array(hash.digest());
}
