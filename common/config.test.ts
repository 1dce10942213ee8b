import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { parseConfig } from './config.ts';
import type { TurnpikeError } from './errors.ts';

const schema = Type.Object(
  {
    level: Type.String({ default: 'info' }),
    store: Type.Object(
      { path: Type.String(), size: Type.Optional(Type.Integer({ minimum: 1 })) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);
const parse = (text: string) => parseConfig('/etc/x.toml', text, schema);

describe('a configuration', () => {
  test('gets defaults for what it leaves out', () => {
    expect(parse('[store]\npath = "a"')).toEqual({ level: 'info', store: { path: 'a' } });
  });
  test.each([
    ['[store]\npath = "a"\npaht = "b"', /\/etc\/x\.toml: store\.paht is not a known key/],
    ['other = 1\n[store]\npath = "a"', /other is not a known key/],
    ['[store]\n', /store\.path is missing/],
    ['[store]\npath = 5', /store\.path must be string/],
    ['[store]\npath = "a"\nsize = 0', /store\.size must be >= 1/],
    ['[store', /\/etc\/x\.toml is not TOML/],
  ])('%j is refused with file and key named', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
  test('is refused with what helps: the place, or the keys that there are', () => {
    const remedyOf = (text: string) => {
      try {
        parse(text);
      } catch (error) {
        return (error as TurnpikeError).remedy;
      }
      return undefined;
    };
    expect(remedyOf('[store]\npath = "a"\n\n[stor\n')).toBe('see line 4, column 6');
    expect(remedyOf('[store]\npath = "a"\npaht = "b"')).toBe('known there: path, size');
    expect(remedyOf('other = 1\n[store]\npath = "a"')).toBe('known there: level, store');
  });
});
