import { countArrivals, readArrivals } from './counter.ts';
import { eventually } from './eventually.ts';
import type { Host } from './host.ts';
import { tunnelName } from './names.ts';
import { TrafficEnd } from './traffic/end.ts';
import { Tunnel, wireguardGo } from './tunnel.ts';

/** A customer's device: a host that reaches the internet through its tunnel or not at all. */
export class Client {
  readonly number: number;
  readonly host: Host;
  readonly end: TrafficEnd;
  tunnel: Tunnel | undefined;
  /** Where the kernel has no WireGuard, this program serves it; the interface's name follows. */
  wireguard: readonly string[] = wireguardGo;
  /** The configuration of the open tunnel. */
  wgQuickText = '';

  private constructor(number: number, host: Host, end: TrafficEnd) {
    this.number = number;
    this.host = host;
    this.end = end;
  }

  static async start(number: number, host: Host): Promise<Client> {
    const arrivals = { tunnel: `iifname "${tunnelName(host.prefix, host.name)}"` };
    const [end] = await Promise.all([TrafficEnd.start(host), countArrivals(host, arrivals)]);
    return new Client(number, host, end);
  }

  /** Opens the tunnel that this wg-quick text describes; one that is open is closed before. */
  async connect(wgQuickText: string): Promise<void> {
    await this.disconnect();
    this.tunnel = await Tunnel.open(this.host, wgQuickText, this.wireguard);
    this.wgQuickText = wgQuickText;
  }

  async disconnect(): Promise<void> {
    await this.tunnel?.close();
    this.tunnel = undefined;
  }

  /** Waits for a handshake; something must be sent for it (a keepalive is enough). */
  async shakenHands(within = 10_000): Promise<number> {
    return eventually(`${this.host.name} has a handshake`, () => this.tunnel?.latestHandshake(), { within });
  }

  /** All bytes of IP packets that came out of the tunnel, as nft saw them. */
  async arrivedBytes(): Promise<bigint> {
    return (await readArrivals(this.host)).get('tunnel') ?? 0n;
  }
}
