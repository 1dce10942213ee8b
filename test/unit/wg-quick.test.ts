import { expect, test } from 'vitest';
import { parseWgQuick } from '../lab/wg-quick.ts';

const text = `# of a customer
[Interface]
PrivateKey = aaaa=
Address = 10.64.0.2/32, fd74::2/128
DNS = 10.64.0.1
MTU = 1380

[Peer]
PublicKey = bbbb=
AllowedIPs = 0.0.0.0/0, ::/0 # everything
Endpoint = 192.0.2.11:51820
`;

test("wg-quick's own keys are taken out of what wg reads", () => {
  expect(parseWgQuick(text)).toEqual({
    addresses: ['10.64.0.2/32', 'fd74::2/128'],
    dns: ['10.64.0.1'],
    mtu: 1380,
    allowedIps: ['0.0.0.0/0', '::/0'],
    wgText:
      '[Interface]\nPrivateKey = aaaa=\n[Peer]\nPublicKey = bbbb=\nAllowedIPs = 0.0.0.0/0, ::/0\nEndpoint = 192.0.2.11:51820\n',
  });
});

test('a key that neither wg nor wg-quick knows is an error', () => {
  expect(() => parseWgQuick('[Interface]\nPrivatKey = aaaa=\n')).toThrow('"PrivatKey"');
});
