import { KernelTable } from '../../../agent/gate/kernel-table.ts';
import { observeTable } from '../../../agent/gate/observe.ts';
import { eventually } from '../../lab/eventually.ts';
import type { Lab } from '../../lab/lab.ts';
import { ServerList } from '../../lab/movement.ts';
import type { Sale } from '../../lab/shop.ts';
import { machineMilliseconds } from '../../lab/traffic/protocol.ts';
import { openNetlinkIn } from '../../node/netlink.ts';
import { type Arrival, holdingOf, patienceMs, type Traveller } from './visit.ts';

/** A client of the lab that travels between the lab's nodes, by real WireGuard, sending UDP to the internet. */
export async function realTraveller(
  lab: Lab,
  sale: Sale,
  number: number,
  bytesPerSecond: number,
): Promise<Traveller> {
  const { traffic, nodes } = lab;
  const client = lab.client(number);
  const servers = await ServerList.of(
    sale,
    client,
    nodes.map((node) => node.number),
  );
  await servers.choose(1);
  const plan = { client: number, node: 1, family: 4, direction: 'up' } as const;
  const flow = await traffic.open({ ...plan, bitsPerSecond: bytesPerSecond * 8 });
  const carried = async () => (await traffic.of(flow)).up;

  async function arrive(node: number): Promise<Arrival> {
    await servers.choose(node + 1);
    // The handshake comes of the keepalive that opens the tunnel: what is measured is the gate.
    await client.shakenHands();
    const { namespace } = lab.node(node + 1).host;
    const gate = await observeTable(new KernelTable(() => openNetlinkIn(namespace)));
    const holding = holdingOf(sale.device(number).address4, gate);
    const before = await carried();
    const sentAt = machineMilliseconds();
    flow.send();
    const first = async () => {
      const { up, lastReceivedAt } = await traffic.of(flow);
      return up > before ? lastReceivedAt - sentAt : undefined;
    };
    const look = { within: patienceMs, every: 3 };
    return { holding, delayMs: await eventually('the first packet', first, look).catch(() => undefined) };
  }

  return {
    ...{ name: 'real', nodes: nodes.length, arrive, carried },
    leave: async () => flow.rest(),
  };
}
