import { describe, expect, it } from 'vitest';
import { renderCreate, renderReframe } from './frame.ts';
import type { GateFrame } from './model.ts';

const frame: GateFrame = {
  interfaceName: 'wg0',
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  ipv6: true,
  mtu: 1420,
};

describe('the frame', () => {
  it('refuses IPv6 only where the node has none, and translates it only where it has', () => {
    const without = renderReframe({ ...frame, ipv6: false });
    expect(without).toContain('reject with icmpv6 no-route');
    expect(without).not.toContain('ip6 saddr fd74:7572:6e70::/64 oifname');
    expect(renderReframe(frame)).not.toContain('reject');
    expect(renderReframe(frame)).toContain('ip6 saddr fd74:7572:6e70::/64 oifname');
  });

  it('leaves sets as they are when the frame changes', () => {
    expect(renderReframe(frame)).not.toMatch(/^delete/m);
    expect(renderCreate(frame, 'ab')).toContain('delete table inet turnpike\n');
  });

  it('lowers the segment size to what fits both families', () => {
    expect(renderReframe({ ...frame, mtu: 1280 })).toContain('maxseg size set 1220');
  });

  it.each<[string, Partial<GateFrame>]>([
    ['cannot be the name of an interface', { interfaceName: 'wg0" drop' }],
    ['cannot be the name of an interface', { interfaceName: 'a-name-of-sixteen' }],
    ['is not an IPv4 range', { range4: '10.64.0.0' }],
    ['is not an IPv4 range', { range4: 'fd00::/64' }],
    ['is not an IPv6 range', { range6: 'fd00::/129' }],
    ['is not an IP address', { range4: '10.64.0.0 drop/16' }],
    ['is not an IP address', { address6: 'fd00::1 }' }],
  ])('says "%s" to %o', (message, wrong) => {
    expect(() => renderCreate({ ...frame, ...wrong }, 'ab')).toThrow(message);
  });
});
