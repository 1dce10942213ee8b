import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSpeed, parseSpeed } from './speed.ts';

describe('speeds', () => {
  it.each([
    ['50Mbit', 50_000_000],
    ['1.5 Gbit', 1_500_000_000],
    ['800kbit/s', 800_000],
    ['64000bit', 64_000],
    ['2mbit', 2_000_000],
  ])('%s is %d bits per second', (text, bits) => {
    expect(parseSpeed(text)).toBe(bits);
  });

  it.each(['50', '50M', '50MB', '50Mbps', '50Mb', 'Mbit', '-1Mbit', '1e3bit', '1.5bit', '99999999999Tbit'])(
    '%s is refused',
    (text) => {
      expect(() => parseSpeed(text)).toThrowError(expect.objectContaining({ code: 'invalid' }));
    },
  );

  it.each([
    [50_000_000, '50 Mbit/s'],
    [1_500_000_000, '1.5 Gbit/s'],
    [1_000_001, '1000.001 kbit/s'],
    [64_000, '64 kbit/s'],
    [999, '999 bit/s'],
  ])('%d are printed as %s', (bits, text) => {
    expect(formatSpeed(bits)).toBe(text);
  });

  it('are read back as they are printed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000_000 }), (bits) => {
        expect(parseSpeed(formatSpeed(bits))).toBe(bits);
      }),
    );
  });
});
