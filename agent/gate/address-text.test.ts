import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, it } from 'vitest';
import { addressText } from './address-text.ts';

it('writes an address of any bytes as RFC 5952 does', () => {
  const group = fc.oneof(fc.constant(0), fc.constant(0), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = Buffer.alloc(16);
      for (const [index, value] of groups.entries()) bytes.writeUInt16BE(value, index * 2);
      expect(addressText(bytes)).toBe(new ipaddr.IPv6(groups).toRFC5952String());
    }),
  );
  expect(addressText(Buffer.from([10, 64, 0, 9]))).toBe('10.64.0.9');
});

it.each([undefined, Buffer.alloc(0), Buffer.alloc(5)])('refuses %s', (bytes) => {
  expect(() => addressText(bytes)).toThrow('an element is no address');
});
