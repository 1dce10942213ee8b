import { describe, expect, it } from 'vitest';
import { renderQr } from './qr.ts';
import { type ClientConfig, privateKeyPlaceholder, renderWgQuick } from './wg-quick.ts';

const config: ClientConfig = {
  device: { privateKey: 'PRIVATE=', presharedKey: 'PSK=', address4: '10.64.0.2', address6: 'fd74::2' },
  node: { name: 'fra-1', publicKey: 'NODE=', endpoint: 'fra-1.example.net:51820' },
  settings: {
    dns: ['10.64.0.1', 'fd74::1'],
    mtu: 1420,
    allowedIps: ['0.0.0.0/0', '::/0'],
    keepaliveSeconds: 25,
  },
};

describe("a client's configuration", () => {
  it('is the text that wg-quick reads', () => {
    expect(renderWgQuick(config)).toBe(`[Interface]
PrivateKey = PRIVATE=
Address = 10.64.0.2/32, fd74::2/128
DNS = 10.64.0.1, fd74::1
MTU = 1420

[Peer]
# fra-1
PublicKey = NODE=
PresharedKey = PSK=
Endpoint = fra-1.example.net:51820
AllowedIPs = 0.0.0.0/0, ::/0
PersistentKeepalive = 25
`);
  });

  it('leaves out what is not set', () => {
    const text = renderWgQuick({
      ...config,
      device: { address4: '10.64.0.2', address6: 'fd74::2' },
      settings: { ...config.settings, dns: [], keepaliveSeconds: 0 },
    });
    expect(text).not.toMatch(/DNS|PresharedKey|PersistentKeepalive|undefined/);
  });

  it('has a placeholder that is no key where no private key was given', () => {
    const text = renderWgQuick({ ...config, device: { address4: '10.64.0.2', address6: 'fd74::2' } });
    expect(text).toContain(`PrivateKey = ${privateKeyPlaceholder}\n`);
    expect(Buffer.from(privateKeyPlaceholder, 'base64').length).not.toBe(32);
  });

  it('can be drawn for a web page and for a terminal', async () => {
    expect(await renderQr(renderWgQuick(config), 'svg')).toContain('<svg');
    expect(await renderQr(renderWgQuick(config), 'terminal')).toMatch(/[█▀▄]/);
  });
});
