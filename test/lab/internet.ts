import { countArrivals, readArrivals } from './counter.ts';
import type { Host } from './host.ts';
import { publicAddress4, publicAddress6 } from './topology.ts';
import { TrafficEnd } from './traffic/end.ts';
import { serverPort } from './traffic/flow.ts';

/** The one server in the lab's internet. It sees nodes' public addresses and never a client's. */
export class Internet {
  readonly host: Host;
  readonly end: TrafficEnd;

  private constructor(host: Host, end: TrafficEnd) {
    this.host = host;
    this.end = end;
  }

  static async start(host: Host, nodes: number): Promise<Internet> {
    const rules: Record<string, string> = {};
    for (let node = 1; node <= nodes; node++) {
      rules[`node${node}v4`] = `ip saddr ${publicAddress4(node)}`;
      rules[`node${node}v6`] = `ip6 saddr ${publicAddress6(node)}`;
    }
    rules['foreign'] = `ip saddr != 198.51.100.0/24`;
    const [end] = await Promise.all([TrafficEnd.start(host, serverPort), countArrivals(host, rules)]);
    return new Internet(host, end);
  }

  /** All bytes of IP packets that came from a node, as nft saw them. */
  async arrivedFrom(node: number): Promise<bigint> {
    const counters = await readArrivals(this.host);
    return (counters.get(`node${node}v4`) ?? 0n) + (counters.get(`node${node}v6`) ?? 0n);
  }
}
