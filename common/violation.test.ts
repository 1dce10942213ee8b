import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { findViolations } from './violation.ts';

const schema = Type.Object(
  {
    size: Type.Optional(Type.String({ pattern: '^[0-9]+$', 'x-says': 'must be bytes as digits' })),
    colour: Type.Optional(Type.Enum(['red', 'blue'])),
    name: Type.Optional(Type.Union([Type.String({ maxLength: 3 }), Type.Null()])),
    list: Type.Optional(Type.Array(Type.Integer())),
    inner: Type.Object({ needed: Type.Boolean() }, { additionalProperties: false }),
  },
  { additionalProperties: false },
);
const inner = { needed: true };

describe('what is wrong with a value', () => {
  it.each([
    ['nothing', { inner }, []],
    ['an unknown key', { inner, a: 1, b: 2 }, ['/a is not a known key', '/b is not a known key']],
    ['an unknown inner key', { inner: { ...inner, x: 1 } }, ['/inner/x is not a known key']],
    ['a missing key', { inner: {} }, ['/inner/needed is missing']],
    ['a pattern that says what it wants', { inner, size: '5GB' }, ['/size must be bytes as digits']],
    ['a value out of a few', { inner, colour: 'pink' }, ['/colour must be one of red, blue']],
    ['something or null', { inner, name: 'long' }, ['/name must not have more than 3 characters']],
    ['neither something nor null', { inner, name: 5 }, ['/name must be string']],
    ['null, which is allowed', { inner, name: null }, []],
    ['an item', { inner, list: [1, 'a'] }, ['/list/1 must be integer']],
    ['the whole', [], [' must be object']],
  ])('names %s', (_what, value, expected) => {
    expect(findViolations(schema, value).map(({ pointer, message }) => `${pointer} ${message}`)).toEqual(
      expected,
    );
  });
});
