import { describe, expect, it } from 'vitest';
import { parseIpRange, parseTunnelRange } from './ip-range.ts';

describe('a range of addresses', () => {
  it.each(['0.0.0.0/0', '128.0.0.0/1', '10.64.0.0/16', '192.0.2.1/32', '::/0', 'fd74:7572:6e70::/64'])(
    '%s is taken as it is',
    (text) => {
      expect(parseIpRange(text)).toMatchObject({ text });
    },
  );

  it.each([
    ['010.64.0.0/16', 'leave out leading zeros'],
    ['10.64.0.0/016', 'is not a range in CIDR'],
    ['10.64/16', 'is not a range in CIDR'],
    ['0x0a400000/16', 'is not a range in CIDR'],
    ['10.64.0.1/16', 'write 10.64.0.0/16'],
    ['FD00::/64', 'write fd00::/64'],
    ['fd00:0:0::/64', 'write fd00::/64'],
    ['fe80::1%eth0/64', 'is not a range in CIDR'],
    ['10.0.0.0/8\n', 'is not a range in CIDR'],
    ['127.0.0.0/8', 'lies in the loopback range'],
    ['169.254.7.0/24', 'lies in the link-local range'],
    ['239.0.0.0/8', 'lies in the multicast range'],
    ['::1/128', 'lies in the loopback range'],
    ['fe80::/64', 'lies in the link-local range'],
    ['ff02::/16', 'lies in the multicast range'],
  ])('%j is refused in one line', (text, why) => {
    let said = '';
    try {
      parseIpRange(text);
    } catch (error) {
      const { message, remedy } = error as Error & { remedy?: string };
      said = `${message} (${remedy})`;
    }
    expect(said).toContain(why);
    expect(said).not.toContain('\n');
  });

  it('for tunnels must not hold addresses that are not routed', () => {
    expect(() => parseTunnelRange('169.0.0.0/8', 'ipv4')).toThrow(
      'holds the link-local range 169.254.0.0/16',
    );
    expect(() => parseTunnelRange('::/32', 'ipv6')).toThrow('holds the loopback range ::1/128');
  });
});
