import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSize, maxBytes, parseSize } from './bytes.ts';

describe('parseSize', () => {
  test.each([
    ['50GB', 50_000_000_000n],
    ['50GiB', 53_687_091_200n],
    ['1.5 TB', 1_500_000_000_000n],
    ['1000B', 1000n],
    ['0B', 0n],
    ['64kib', 65_536n],
    ['9223372036854775807B', maxBytes],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(['50G', '10', '0', '-1GB', '', 'GB', '1e9', '0x10', '1..5GB', '１GB', '5 G B'])(
    '"%s" is refused with a hint',
    (text) => {
      expect(() => parseSize(text)).toThrow(/is not a size/);
    },
  );

  test('half a byte is refused', () => expect(() => parseSize('0.5B')).toThrow(/whole number of bytes/));
  test('more than any field holds is refused', () => {
    expect(() => parseSize('9223372036854775808B')).toThrow(/2\^63/);
  });
});

describe('formatSize', () => {
  test.each([
    [0n, '0 B'],
    [999n, '999 B'],
    [1000n, '1.00 kB'],
    [49_999_999_999n, '49.99 GB'],
    [-1500n, '-1.50 kB'],
  ])('%d bytes print as %s', (bytes, text) => expect(formatSize(bytes)).toBe(text));

  test('what is printed reads back as no more than it was, and less by under one percent', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: maxBytes }), (bytes) => {
        const back = parseSize(formatSize(bytes));
        return back <= bytes && (bytes - back) * 100n <= bytes;
      }),
    );
  });
});
