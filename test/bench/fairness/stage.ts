import { systemClock } from '../../../common/clock.ts';
import type { Lab } from '../../lab/lab.ts';
import { openShop, Sale } from '../../lab/shop.ts';
import { internetAddress4 } from '../../lab/topology.ts';
import { TcpEnd } from '../speed/tcp.ts';
import type { Device, Reading } from './figures.ts';

const firstPort = 5001;

/** A subscription's devices, each with an end of its own on the internet, through one node. */
export class Stage {
  readonly #lab: Lab;
  readonly #addresses: readonly string[];
  readonly #clients: readonly TcpEnd[];
  readonly #servers: readonly TcpEnd[];

  private constructor(lab: Lab, addresses: readonly string[], clients: TcpEnd[], servers: TcpEnd[]) {
    this.#lab = lab;
    this.#addresses = addresses;
    this.#clients = clients;
    this.#servers = servers;
  }

  /** As many devices as the lab has clients. The ends are programs in the lab's hosts, and end with it. */
  static async build(lab: Lab, megabit: number): Promise<Stage> {
    await openShop(lab);
    const speed = ['--download', `${megabit}Mbit`, '--upload', `${megabit}Mbit`];
    const terms = [...speed, '--speed-scope', 'subscription'];
    const sale = await Sale.make(lab, 1_000_000_000_000n, lab.clients.length, terms);
    for (const { number } of lab.clients) await sale.connect(number, 1);
    const clients = lab.clients.map(({ host }) => new TcpEnd(host.namespace));
    const servers = lab.clients.map(() => new TcpEnd(lab.internet.host.namespace));
    await Promise.all(servers.map((end, place) => end.listen(internetAddress4, firstPort + place)));
    const addresses = sale.devices.map(({ address4 }) => address4);
    return new Stage(lab, addresses, clients, servers);
  }

  async begin(devices: readonly Device[]): Promise<void> {
    await Promise.all(
      devices.map(({ streams, direction }, place) =>
        streams === undefined
          ? undefined
          : this.#clients[place]?.open(internetAddress4, firstPort + place, streams, direction),
      ),
    );
  }

  /** Of one device, or of all. */
  async stop(only?: number): Promise<void> {
    await Promise.all(this.#clients.map((end, place) => (only ?? place) === place && end.close()));
  }

  async read(devices: readonly Device[]): Promise<Reading> {
    const at = systemClock.monotonic();
    const receivers = devices.map(({ direction }, place) =>
      direction === 'down' ? this.#clients[place] : this.#servers[place],
    );
    const [up, down, payload] = await Promise.all([
      this.#counted('up4'),
      this.#counted('down4'),
      Promise.all(receivers.map(async (end) => (await end?.received()) ?? 0)),
    ]);
    return { at, payload, up, down };
  }

  async #counted(set: string): Promise<readonly number[]> {
    const text = await this.#lab.node(1).host.run(['nft', '-j', 'list', 'set', 'inet', 'turnpike', set]);
    const { nftables } = JSON.parse(text) as Listing;
    const elements = nftables.flatMap((item) => item.set?.elem ?? []);
    return this.#addresses.map(
      (address) => elements.find(({ elem }) => elem.val === address)?.elem.counter.bytes ?? 0,
    );
  }
}

/** `nft -j list set` of a set that counts. */
interface Listing {
  readonly nftables: readonly { readonly set?: { readonly elem?: readonly Counted[] } }[];
}

interface Counted {
  readonly elem: { readonly val: string; readonly counter: { readonly bytes: number } };
}
