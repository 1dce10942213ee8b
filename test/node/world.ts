import { rm } from 'node:fs/promises';
import type { NodeSettings } from '../../agent/desired/state.ts';
import type { GateFrame } from '../../agent/gate/model.ts';
import { NftGate } from '../../agent/gate/nft.ts';
import { LinuxHost, type LinuxHostOptions } from '../../agent/host/linux.ts';
import { WgDriver } from '../../agent/wireguard/wg.ts';
import { systemClock } from '../../common/clock.ts';
import { runCommand } from '../../common/command.ts';
import { generateWireguardKeyPair } from '../../common/wireguard-key.ts';
import { presharedKey } from '../contracts/wireguard.ts';
import { ownFolder } from '../lab/own.ts';
import { DatagramEnd } from './datagrams.ts';
import { addAddress, connect, createNamespace, type Namespace, uniqueInterface } from './namespace.ts';
import { startWireguardGo } from './wireguard-go.ts';

export const settings: NodeSettings = {
  listenPort: 51_820,
  range4: '10.64.0.0/16',
  range6: 'fd74:7572:6e70::/64',
  address4: '10.64.0.1',
  address6: 'fd74:7572:6e70::1',
  mtu: 1420,
  validitySeconds: 3600,
  seatPatienceSeconds: 60,
};

export const port = 5000;
export const internetAddresses = { address4: '198.51.100.2', address6: '2001:db8:1::2' };
export const uplinkAddresses = { address4: '198.51.100.1', address6: '2001:db8:1::1' };

/** A tunnel of a client, with an end of UDP traffic in it. */
export interface Client {
  readonly where: Namespace;
  readonly end: DatagramEnd;
  readonly address4: string;
  readonly address6: string;
}

/** The node with our parts, a host in the internet behind it, and clients by real WireGuard. */
export interface World {
  readonly node: Namespace;
  readonly internet: Namespace;
  readonly internetEnd: DatagramEnd;
  readonly host: LinuxHost;
  readonly gate: NftGate;
  readonly frame: GateFrame;
  readonly wireguard: WgDriver;
  readonly interfaceName: string;
  client(host: number): Promise<Client>;
  close(): Promise<void>;
}

export async function nodeHost(
  node: Namespace,
  interfaceName: string,
  stateDirectory: string,
  options: Partial<LinuxHostOptions> = {},
): Promise<LinuxHost> {
  return new LinuxHost({
    run: node.run,
    clock: systemClock,
    interfaceName,
    stateDirectory,
    userspace: 'always',
    ipv6: 'auto',
    uplink: 'auto',
    ...options,
  });
}

/** Whatever it made is gone again when it fails. */
export async function createWorld(): Promise<World> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await build(undo);
  } catch (error) {
    for (const step of undo) await step();
    throw error;
  }
}

async function build(undo: (() => Promise<unknown>)[]): Promise<World> {
  const stateDirectory = ownFolder();
  undo.push(() => rm(stateDirectory, { recursive: true }));
  const node = await createNamespace();
  undo.unshift(() => node.remove());
  const internet = await createNamespace();
  undo.unshift(() => internet.remove());
  await connect(node, 'uplink', internet, 'node');
  await addAddress(node, 'uplink', `${uplinkAddresses.address4}/24`, `${uplinkAddresses.address6}/64`);
  await addAddress(internet, 'node', `${internetAddresses.address4}/24`, `${internetAddresses.address6}/64`);
  await node.run(['ip', '-6', 'route', 'add', 'default', 'via', internetAddresses.address6]);
  // So that the internet can also speak first, which translation would not let it.
  await internet.run(['ip', 'route', 'add', settings.range4, 'via', uplinkAddresses.address4]);
  await internet.run(['ip', '-6', 'route', 'add', settings.range6, 'via', uplinkAddresses.address6]);

  const interfaceName = uniqueInterface();
  const host = await nodeHost(node, interfaceName, stateDirectory);
  undo.unshift(() => host.remove());
  await host.ensure(settings);
  const gate = new NftGate({ run: node.run, stream: node.stream, open: node.open, clock: systemClock });
  const frame = { interfaceName, ...settings, ipv6: true };
  const wireguard = new WgDriver({ run: runCommand, interfaceName, maxPeers: 1000 });
  const server = generateWireguardKeyPair();
  await wireguard.configure({ privateKey: server.privateKey, listenPort: settings.listenPort });

  const internetEnd = new DatagramEnd(internet.name);
  undo.unshift(() => internetEnd.close());
  await internetEnd.listen(internetAddresses.address4, port);
  await internetEnd.listen(internetAddresses.address6, port);

  let clients = 0;
  const client = async (number: number): Promise<Client> => {
    clients += 1;
    const addresses = { address4: `10.64.0.${number}`, address6: `fd74:7572:6e70::${number}` };
    const where = await createNamespace();
    undo.unshift(() => where.remove());
    const tunnel = uniqueInterface();
    const end = await startWireguardGo(where, tunnel);
    undo.unshift(() => end.stop());
    const underlay = `client${clients}`;
    await connect(node, underlay, where, 'underlay');
    await addAddress(node, underlay, `192.0.${clients}.1/24`);
    await addAddress(where, 'underlay', `192.0.${clients}.2/24`);
    const keys = generateWireguardKeyPair();
    const shared = presharedKey();
    // Before the client first calls: an unanswered call is repeated after five seconds only.
    await wireguard.upsert([
      {
        publicKey: keys.publicKey,
        presharedKey: shared,
        addresses: [addresses.address4, addresses.address6],
      },
    ]);
    const configuration = `[Interface]
PrivateKey = ${keys.privateKey}
[Peer]
PublicKey = ${server.publicKey}
PresharedKey = ${shared}
Endpoint = 192.0.${clients}.1:${settings.listenPort}
AllowedIPs = 0.0.0.0/0, ::/0
`;
    await runCommand(['sh', '-c', 'cat | wg setconf "$1" /dev/stdin', 'sh', tunnel], {
      input: configuration,
    });
    await addAddress(where, tunnel, `${addresses.address4}/32`, `${addresses.address6}/128`);
    await where.run(['ip', 'link', 'set', tunnel, 'mtu', String(settings.mtu), 'up']);
    await where.run(['ip', 'route', 'add', 'default', 'dev', tunnel]);
    await where.run(['ip', '-6', 'route', 'add', 'default', 'dev', tunnel]);
    const datagrams = new DatagramEnd(where.name);
    undo.unshift(() => datagrams.close());
    await datagrams.listen(addresses.address4, port);
    await datagrams.listen(addresses.address6, port);
    return { where, end: datagrams, ...addresses };
  };

  return {
    node,
    internet,
    internetEnd,
    host,
    gate,
    frame,
    wireguard,
    interfaceName,
    client,
    close: async () => {
      for (const step of undo) await step();
    },
  };
}
