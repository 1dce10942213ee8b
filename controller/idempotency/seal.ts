import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { decrypt, encrypt } from '../../common/aes-gcm.ts';

/** Under what a caller's Idempotency-Key is found: of the key itself, nothing is stored. */
export function hashOfKey(caller: string, key: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`${caller}\n${key}`).digest());
}

/** Tells whether two requests are the same, without storing what was in them. */
export function fingerprint(key: string, request: unknown): Uint8Array {
  return new Uint8Array(createHmac('sha256', key).update(canonical(request)).digest());
}

/** Encrypts an answer, so that only who has the Idempotency-Key and the caller's secret can read it again. */
export function seal(answer: string, key: string, secret: string): Uint8Array {
  return encrypt(sealingKey(key, secret), answer);
}

/** undefined when it was sealed with another key or secret. */
export function unseal(sealed: Uint8Array, key: string, secret: string): string | undefined {
  return decrypt(sealingKey(key, secret), sealed);
}

function sealingKey(key: string, secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', `${secret}\n${key}`, '', 'turnpike idempotency', 32));
}

/** The same text for the same value, in whatever order its keys stand. */
function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}
