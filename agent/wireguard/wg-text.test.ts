import { describe, expect, it } from 'vitest';
import { Places } from './places.ts';
import { parseActivity, parseAllowedIps, parsePlaces, parsePublicKey, renderPeers } from './wg-text.ts';

const first = 'R3yVVzHGnZgPDJQQHt0FLBBS6uCMJJhEMXAS9jPyCXs=';
const second = 'p1gdFAICDrdJfLoAdVhNLFVsOUPwwdxTOIYX3wBNVVU=';

// Output as wireguard-tools 1.0.20210914 prints it.
describe('what wg prints', () => {
  it.each([
    [`${first}\n`, first],
    ['(none)\n', undefined],
  ])('public-key %j', (output, key) => {
    expect(parsePublicKey(output)).toBe(key);
  });

  it.each<[string, Record<string, string[]>]>([
    ['', {}],
    [
      `${first}\t10.64.0.2/32 fd74:7572:6e70::2/128\n${second}\t(none)\n`,
      { [first]: ['10.64.0.2', 'fd74:7572:6e70::2'], [second]: [] },
    ],
    [`${first}\t10.64.0.0/16 fd74::/64\n`, { [first]: ['10.64.0.0/16', 'fd74::/64'] }],
  ])('allowed-ips %j', (output, peers) => {
    expect(parseAllowedIps(output)).toEqual(new Map(Object.entries(peers)));
  });

  it('endpoints, as names that say nothing of them', () => {
    const places = new Places();
    const found = parsePlaces(`${first}\t203.0.113.7:51820\n${second}\t(none)\n`, places);
    expect(found.get(second)).toBeUndefined();
    expect(found.get(first)).toMatch(/^[\w-]{16}$/);
    expect(found.get(first)).toBe(places.nameOf('203.0.113.7:51820'));
    expect(found.get(first)).not.toBe(places.nameOf('203.0.113.7:51821'));
    expect(found.get(first)).not.toBe(new Places().nameOf('203.0.113.7:51820'));
  });

  it('latest-handshakes and transfer, without a peer that only one of them has', () => {
    expect(
      parseActivity(
        `${first}\t1795385000\n${second}\t0\n`,
        `${first}\t18446744073709551615\t9007199254740993\n`,
        new Map([[first, 'somewhere']]),
      ),
    ).toEqual([
      {
        publicKey: first,
        latestHandshake: 1_795_385_000,
        received: 18_446_744_073_709_551_615n,
        sent: 9_007_199_254_740_993n,
        place: 'somewhere',
      },
    ]);
  });

  it('is refused in another shape', () => {
    expect(() => parseAllowedIps('interface: wg0\n')).toThrow('wg printed 1 columns where 2 were expected');
  });
});

describe('renderPeers', () => {
  it('clears the preshared key of a peer that has none', () => {
    expect(
      renderPeers([{ publicKey: first, presharedKey: undefined, addresses: ['10.64.0.2', 'fd00::2'] }]),
    ).toBe(
      `[Peer]
PublicKey = ${first}
PresharedKey = AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
AllowedIPs = 10.64.0.2/32, fd00::2/128
`,
    );
  });
});
