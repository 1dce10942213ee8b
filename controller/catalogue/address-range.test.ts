import { describe, expect, it } from 'vitest';
import { parseAddressRange } from './address-range.ts';

describe('the address range', () => {
  it('pairs the n-th addresses of both families, the first for nodes, without the broadcast address', () => {
    const range = parseAddressRange('10.64.0.0/16', 'fd74:7572:6e70::/64');
    expect(range.node).toEqual({ address4: '10.64.0.1', address6: 'fd74:7572:6e70::1' });
    expect(range.at(258)).toEqual({ address4: '10.64.1.2', address6: 'fd74:7572:6e70::102' });
    expect(range.lastSlot).toBe(65_534);
    expect(range.at(range.lastSlot).address4).toBe('10.64.255.254');
  });

  it('ends where the smaller family ends', () => {
    expect(parseAddressRange('10.0.0.0/8', 'fd00::/120').lastSlot).toBe(255);
  });

  it.each([
    ['10.64.0.0', 'fd00::/64', /10\.64\.0\.0/],
    ['10.64.0.1/16', 'fd00::/64', /behind its prefix/],
    ['010.64.0.0/16', 'fd00::/64', /not an IPv4 range/],
    ['127.0.0.0/8', 'fd00::/64', /loopback/],
    ['fd00::/64', 'fd00::/64', /not an IPv4 range/],
    ['10.64.0.0/16', '10.0.0.0/8', /not an IPv6 range/],
    ['10.64.0.0/31', 'fd00::/64', /no room/],
  ])('refuses %s with %s', (range4, range6, message) => {
    expect(() => parseAddressRange(range4, range6)).toThrow(message);
  });
});
