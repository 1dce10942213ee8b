import { expect, it } from 'vitest';
import { parseLine } from './words.ts';

it.each([
  ['Hangul choseong filler', '\u115f'],
  ['Hangul filler', '\u3164\u3164'],
  ['halfwidth Hangul filler', '\uffa0'],
  ['blank Braille pattern', '\u2800 \u2800'],
  ['variation selector', '\ufe0f'],
  ['combining grapheme joiner', '\u034f'],
  ['null notehead', '\u{1d159}'],
  ['Khitan filler', '\u{16fe4}'],
])('a line of what shows as nothing is refused as empty: %s', (_, text) => {
  expect(() => parseLine('label', text)).toThrow(/^the label is empty: its characters all show as nothing$/);
});

it.each(['\u115f\u1160\uac00', '\u2764\ufe0f', '\u2813\u280a', 'a\u2800b', '\u00e9'])(
  'a line with what is seen is taken: %j',
  (text) => {
    expect(parseLine('label', text)).toBe(text.normalize('NFC'));
  },
);
