import { randomBytes } from 'node:crypto';
import { TurnpikeError } from './errors.ts';

/** What an id starts with tells what it names. */
export type IdKind = 'acc' | 'tar' | 'sub' | 'dev' | 'nod' | 'grp' | 'adj' | 'key' | 'lnk' | 'whk' | 'ers';

/** In the order of their bytes. */
export const idAlphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** A fresh id such as `sub_7k2m9q4x1c8z5w3v`: 80 random bits in Crockford's base 32. Safe in nft, SQL, URLs, shells. */
export function newId(kind: IdKind): string {
  let text = '';
  for (const byte of randomBytes(16)) text += idAlphabet[byte & 31];
  return `${kind}_${text}`;
}

const pattern = /^(acc|tar|sub|dev|nod|grp|adj|key|lnk|whk|ers)_[0-9a-hjkmnp-tv-z]{16}$/;

/**
 * Returns `text` when it is an id of that kind. Everything that came over a wire goes through here before it is used
 * as a name anywhere.
 * @throws TurnpikeError `invalid`
 */
export function parseId(kind: IdKind, text: string): string {
  if (!pattern.test(text) || !text.startsWith(`${kind}_`)) {
    throw new TurnpikeError('invalid', `"${text.slice(0, 40)}" is not an id of the form ${kind}_…`);
  }
  return text;
}
