import { TurnpikeError } from '../../common/errors.ts';
import { show } from '../../common/show.ts';

/**
 * A name for operators: nodes, tariffs, groups. Stays harmless in shells, URLs, terminals and file names, and cannot be
 * taken for an id.
 * @throws TurnpikeError `invalid`
 */
export function parseName(what: string, text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text) || looksLikeId(text)) {
    throw new TurnpikeError('invalid', `${show(text)} cannot be the name of a ${what}`, {
      remedy:
        'use up to 63 letters, digits, ".", "_" and "-", a letter or digit first, and not the form of an id',
    });
  }
  return text;
}

/**
 * A line of text: references, reasons, labels. Any language; no control, formatting or line-break characters, which
 * can make a terminal or a page show something else than what is there, and something that is seen.
 * @throws TurnpikeError `invalid`
 */
export function parseLine(what: string, text: string, longest = 200): string {
  const line = normalLine(text);
  if (line.length === 0) throw new TurnpikeError('invalid', `the ${what} is empty`);
  if (unseen.test(line)) {
    throw new TurnpikeError('invalid', `the ${what} is empty: its characters all show as nothing`);
  }
  if (line.length > longest) {
    throw new TurnpikeError('invalid', `the ${what} is longer than ${longest} characters`);
  }
  if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u.test(line)) {
    throw new TurnpikeError('invalid', `the ${what} ${show(line)} holds characters that cannot be printed`);
  }
  return line;
}

/**
 * Letters and symbols that show as nothing: what Unicode has to be ignored by default (fillers of Hangul, variation
 * selectors), the blank Braille pattern, the null notehead, and the blanks of Khitan and of hieroglyphs.
 */
const unseen = /^[\p{Default_Ignorable_Code_Point}\p{Zs}\u2800\u{1d159}\u{16fe4}\u{13441}\u{13442}]+$/u;

/** As lines are written in the books. */
export function normalLine(text: string): string {
  return text.normalize('NFC').trim();
}

export function looksLikeId(text: string): boolean {
  return /^[a-z]{3}_[0-9a-z]{16}$/.test(text);
}

/** The billing backend's own, of an account or a subscription. @throws TurnpikeError `invalid` */
export function parseReference(text: string): string {
  const reference = parseLine('reference', text, 128);
  if (reference === '.' || reference === '..') {
    throw new TurnpikeError('invalid', `a reference may not be "${reference}": no URL can name it`, {
      field: 'reference',
      remedy: 'put something before it',
    });
  }
  if (!looksLikeId(reference)) return reference;
  throw new TurnpikeError('invalid', 'a reference may not have the form of one of our ids', {
    field: 'reference',
    remedy: 'put something before it',
  });
}
