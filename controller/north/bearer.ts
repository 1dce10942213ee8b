import { createHash, randomBytes } from 'node:crypto';
import { TurnpikeError } from '../../common/errors.ts';
import type { ApiKey, ApiKeys } from '../catalogue/api-keys.ts';

/** 256 random bits; what it starts with lets scanners for leaked secrets know it. */
export function newApiKey(): string {
  return `turnpike_${randomBytes(32).toString('base64url')}`;
}

/** Keys are random, so a plain hash is enough: there is nothing to guess. */
export function hashApiKey(key: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(key).digest());
}

/**
 * Who calls, by the Authorization header (RFC 6750).
 * @throws TurnpikeError `unauthenticated`
 */
export async function authenticate(header: string | undefined, keys: ApiKeys): Promise<ApiKey> {
  const key = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
  if (key === undefined) {
    throw new TurnpikeError('unauthenticated', 'this listener needs an API key', {
      remedy:
        'send "Authorization: Bearer KEY"; keys are made with turnpike api-key add NAME on the controller',
    });
  }
  const found = await keys.find(hashApiKey(key));
  if (found === undefined) {
    throw new TurnpikeError('unauthenticated', 'this API key is not known', {
      remedy: 'it may have been removed; make another with turnpike api-key add NAME on the controller',
    });
  }
  return found;
}
