import { expect, test } from 'vitest';
import { newId, parseId } from './ids.ts';

test('a fresh id passes its own check', () => {
  for (let round = 0; round < 100; round++) expect(() => parseId('sub', newId('sub'))).not.toThrow();
});

test.each([
  'dev_0123456789abcdef',
  'sub_0123456789abcde',
  'sub_0123456789abcdeF',
  'sub_0123456789abcd;x',
  '',
])('"%s" is not the id of a subscription', (text) =>
  expect(() => parseId('sub', text)).toThrow(/is not an id/),
);
