import type { Client } from './client.ts';
import type { Sale } from './shop.ts';
import { type Place, underlayAddress } from './topology.ts';

/**
 * A second copy of a key: opens, at another client, the very tunnel that `original` has open. The tunnel addresses are
 * the same as well. For a copy on another server: `sale.connect(client, node, device)`.
 */
export async function copyTunnel(original: Client, copy: Client): Promise<void> {
  if (!original.tunnel) throw new Error(`${original.host.name} has no tunnel that could be copied`);
  await copy.connect(original.wgQuickText);
}

/**
 * Moves a client to its other underlay address, as a phone moves between Wi-Fi and mobile network: the tunnel stays
 * open, what it sends next comes from there, and the old address is gone. The port stays, so that a return is one to
 * the very endpoint of before.
 */
export async function roam({ host, number, tunnel }: Client, to: Place): Promise<void> {
  if (!tunnel) throw new Error(`${host.name} has no tunnel to roam with`);
  const device = host.interface('acc');
  const here = underlayAddress(number, to === 'home' ? 'away' : 'home');
  const there = underlayAddress(number, to);
  // In this order there is a way to the servers beside the tunnel all the time.
  const moves = [
    `addr add ${there}/32 dev ${device}`,
    `route replace 192.0.2.0/24 dev ${device} src ${there}`,
    `addr flush dev ${device} to ${here}/32`,
  ];
  await host.run(['ip', '-batch', '-'], { input: moves.map((line) => `${line}\n`).join('') });
  // wireguard-go goes on to send from the address that it knows until its socket is opened anew; its apps do that.
  const port = await host.run(['wg', 'show', tunnel.interface, 'listen-port']);
  await host.run(['wg', 'set', tunnel.interface, 'listen-port', port.trim()]);
}

/** A customer's app with its list of servers: the configurations are there already, and choosing takes a moment. */
export class ServerList {
  readonly #client: Client;
  readonly #configurations: ReadonlyMap<number, string>;

  /** By node. */
  constructor(client: Client, configurations: ReadonlyMap<number, string>) {
    this.#client = client;
    this.#configurations = configurations;
  }

  /** For the device of the client's number. */
  static async of(sale: Sale, client: Client, nodes: readonly number[]): Promise<ServerList> {
    const device = sale.device(client.number);
    const configurations = new Map<number, string>();
    for (const node of nodes) configurations.set(node, await sale.configuration(device, node));
    return new ServerList(client, configurations);
  }

  /** Leaves the server at hand and opens the tunnel to this one. */
  async choose(node: number): Promise<void> {
    const configuration = this.#configurations.get(node);
    if (configuration === undefined) throw new Error(`node ${node} is not on the list`);
    await this.#client.connect(configuration);
  }
}
