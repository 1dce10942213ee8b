import { UapiDriver } from '../../agent/wireguard/uapi.ts';
import { WgDriver } from '../../agent/wireguard/wg.ts';
import type { WireGuard } from '../../agent/wireguard/wireguard.ts';
import { runCommand } from '../../common/command.ts';
import { wireguardContract } from '../contracts/wireguard.ts';
import { addAddress, connect, createNamespace, uniqueInterface } from '../node/namespace.ts';
import { startWireguardGo } from '../node/wireguard-go.ts';

const limit = 5000;

wireguardContract('the wg program on wireguard-go', () =>
  bench((interfaceName) => new WgDriver({ run: runCommand, interfaceName, maxPeers: limit })),
);
wireguardContract('the socket of wireguard-go', () =>
  bench((interfaceName) => new UapiDriver({ interfaceName, maxPeers: limit })),
);

async function bench(make: (interfaceName: string) => WireGuard) {
  const interfaceName = uniqueInterface();
  const node = await createNamespace();
  const server = await startWireguardGo(node, interfaceName);
  const undo: (() => Promise<void>)[] = [() => server.stop(), () => node.remove()];
  const show = (what: string) => runCommand(['wg', 'show', interfaceName, what]);
  return {
    wireguard: make(interfaceName),
    listenPort: async () => Number(await show('listen-port')),
    presharedKeys: async () => {
      const rows = (await show('preshared-keys')).trim().split('\n');
      return new Map(
        rows.map((row): [string, string | undefined] => {
          const [key = '', preshared] = row.split('\t');
          return [key, preshared === '(none)' ? undefined : preshared];
        }),
      );
    },
    handshake: async (peer, privateKey, serverPublicKey, port) => {
      const client = await createNamespace();
      const tunnel = uniqueInterface();
      const clientEnd = await startWireguardGo(client, tunnel);
      undo.unshift(
        () => clientEnd.stop(),
        () => client.remove(),
      );
      await connect(node, 'underlay', client, 'underlay');
      await addAddress(node, 'underlay', '192.0.2.1/24');
      await addAddress(client, 'underlay', '192.0.2.2/24');
      const configuration = `[Interface]
PrivateKey = ${privateKey}
[Peer]
PublicKey = ${serverPublicKey}
PresharedKey = ${peer.presharedKey}
Endpoint = 192.0.2.1:${port}
AllowedIPs = 10.64.0.0/16
PersistentKeepalive = 1
`;
      await runCommand(['sh', '-c', 'cat | wg setconf "$1" /dev/stdin', 'sh', tunnel], {
        input: configuration,
      });
      await node.run(['ip', 'link', 'set', interfaceName, 'up']);
      await client.run(['ip', 'link', 'set', tunnel, 'up']);
    },
    lose: () => server.stop(),
    close: async () => {
      for (const step of undo) await step();
    },
  } satisfies Awaited<ReturnType<Parameters<typeof wireguardContract>[1]>>;
}
