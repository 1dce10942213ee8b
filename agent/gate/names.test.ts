import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { addressFamily, parseAddress, parseRange } from './names.ts';

describe('parseAddress', () => {
  it.each([
    ['10.64.0.2', '10.64.0.2'],
    ['fd74:7572:6e70::2', 'fd74:7572:6e70::2'],
    ['FD74:7572:6E70::2', 'fd74:7572:6e70::2'],
    ['fd00:0:0::0002', 'fd00::2'],
    ['fd00::1:0:0:0:2', 'fd00:0:0:1::2'],
    ['1:2:3:4:5:6::8', '1:2:3:4:5:6:0:8'],
    ['1:2:3::5:6:7:8', '1:2:3:0:5:6:7:8'],
    ['::1', '::1'],
    ['fd00::', 'fd00::'],
    ['::', '::'],
  ])('%s is %s', (text, address) => {
    expect(parseAddress(text)).toEqual({ family: text.includes(':') ? 6 : 4, address });
  });

  it('says of any IPv6 address what RFC 5952 says', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const parsed = new ipaddr.IPv6(groups);
        for (const text of [parsed.toRFC5952String(), parsed.toNormalizedString()]) {
          expect(parseAddress(text).address).toBe(parsed.toRFC5952String());
        }
      }),
    );
  });

  it.each([
    '',
    '10.1',
    '010.0.0.1',
    '0x0a.0.0.1',
    'fe80::1%wg0',
    '::1 ',
    '1.2.3.4.5',
    'fd00::1::2',
    '10.0.0.1/32',
  ])('refuses "%s"', (text) => {
    expect(() => parseAddress(text)).toThrow('is not an IP address');
    expect(() => addressFamily(text)).toThrow('is not an IP address');
  });
});

describe('parseRange', () => {
  it('clears the host bits', () => {
    expect(parseRange('10.64.7.1/16', 4)).toBe('10.64.0.0/16');
    expect(parseRange('fd74:7572:6e70::5/64', 6)).toBe('fd74:7572:6e70::/64');
  });
});
