import type { Host } from './host.ts';
import { tunnelName } from './names.ts';
import { accessAddress } from './topology.ts';
import { makeInterface, newKeys } from './tunnel.ts';

export interface HandMadeClient {
  readonly wgQuickText: string;
  readonly address4: string;
  readonly address6: string;
}

/**
 * A VPN server set up by hand, without the product: for proving the lab itself. Gives clients' configurations;
 * counts what it forwards for each in nft and drops nothing.
 */
export async function makeNodeByHand(
  host: Host,
  number: number,
  clients: number,
): Promise<readonly HandMadeClient[]> {
  const name = tunnelName(host.prefix, host.name);
  await makeInterface(host, name);
  const node = await newKeys();
  const made = await Promise.all(
    Array.from({ length: clients }, async (_, index) => ({
      keys: await newKeys(),
      address4: `10.64.0.${10 + index}`,
      address6: `fd74:7572:6e70::${10 + index}`,
    })),
  );
  const peers = made.map(
    ({ keys, address4, address6 }) =>
      `[Peer]\nPublicKey = ${keys.publicKey}\nAllowedIPs = ${address4}/32, ${address6}/128\n`,
  );
  const wgText = `[Interface]\nPrivateKey = ${node.privateKey}\nListenPort = 51820\n${peers.join('')}`;
  await host.run(['sh', '-c', `cat | wg setconf ${name} /dev/stdin`], { input: wgText });
  await host.run(['ip', '-batch', '-'], {
    input: `addr add 10.64.0.1/16 dev ${name}\naddr add fd74:7572:6e70::1/64 dev ${name}\nlink set ${name} mtu 1420 up\n`,
  });
  await host.run(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  await host.nft(`
table inet byhand {
  counter forwarded { }
  chain forward { type filter hook forward priority 0; policy accept; counter name forwarded; }
  chain nat { type nat hook postrouting priority srcnat; policy accept; iifname "${name}" masquerade; }
}
`);
  return made.map(({ keys, address4, address6 }) => ({
    address4,
    address6,
    wgQuickText: `[Interface]
PrivateKey = ${keys.privateKey}
Address = ${address4}/32, ${address6}/128
DNS = 10.64.0.1
MTU = 1420

[Peer]
PublicKey = ${node.publicKey}
AllowedIPs = 0.0.0.0/0, ::/0
Endpoint = ${accessAddress(number)}:51820
`,
  }));
}
