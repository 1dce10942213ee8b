import { createHmac, randomBytes } from 'node:crypto';

/**
 * Names for endpoints that say nothing of them: a keyed hash, by a key that is made at the start and is in memory only.
 * Endpoints themselves go no further than here.
 */
export class Places {
  readonly #key = randomBytes(32);

  /** Of ADDRESS:PORT; undefined for `(none)`. */
  nameOf(endpoint: string): string | undefined {
    if (endpoint === '(none)') return undefined;
    return createHmac('sha256', this.#key).update(endpoint).digest('base64url').slice(0, 16);
  }
}
