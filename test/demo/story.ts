import { eventually } from '../lab/eventually.ts';
import type { Lab } from '../lab/lab.ts';
import { openShop, Sale } from '../lab/shop.ts';
import { machineMilliseconds } from '../lab/traffic/protocol.ts';
import { type Figures, grouped } from './figures.ts';

export interface StoryOptions {
  readonly volumeBytes: bigint;
  readonly topUpBytes: bigint;
  /** Per flow; there are eight. */
  readonly bitsPerSecond: number;
  /** How long nothing may arrive, with senders still sending, before we say that it has stopped. */
  readonly quietMs: number;
  /** For each of the two volumes to be used up. */
  readonly withinMs: number;
}

export interface Teller {
  say(line: string): void;
  /** Called often while traffic runs. */
  live(accepted: bigint, sold: bigint, nodes: readonly bigint[]): void;
}

/**
 * The main job: two nodes, one subscription, two devices, each on another node, IPv4 and IPv6, up and down; the volume
 * stops all of it to the byte; a top-up makes it flow again, and stops it again.
 */
export async function tellStory(lab: Lab, options: StoryOptions, teller: Teller): Promise<Figures> {
  const { volumeBytes, topUpBytes } = options;
  teller.say('A controller and two nodes start; the nodes join with their one-time tokens.');
  await openShop(lab);

  teller.say(`A customer buys ${grouped(volumeBytes)} bytes and gets two devices, "phone" and "laptop".`);
  const sale = await Sale.make(lab, volumeBytes, 2);
  teller.say(
    'The phone connects to node1, the laptop to node2, each with the configuration that the CLI prints.',
  );
  await Promise.all([sale.connect(1, 1), sale.connect(2, 2)]);
  await Promise.all([1, 2].map((number) => lab.traffic.openAll(number, number, options.bitsPerSecond)));

  teller.say('Both send to and receive from a server in the internet, over IPv4 and IPv6.');
  lab.traffic.sendAll();
  const { quietMs, withinMs } = options;
  const showOf = (sold: bigint) => () => showLive(lab, teller, sold);
  const acceptedBytes = await lab.traffic.usedUp(volumeBytes, {
    ...{ quietMs, withinMs },
    meanwhile: showOf(volumeBytes),
  });
  const nodes = await Promise.all(
    lab.nodes.map(async ({ name, number }) => ({ name, acceptedBytes: await acceptedOver(lab, number) })),
  );
  teller.say(
    `Stopped: ${grouped(acceptedBytes)} bytes have arrived and no more do, though all go on sending.`,
  );
  const billedBytes = await theBill(sale, acceptedBytes);
  teller.say(`The bill says ${grouped(billedBytes)} bytes.`);

  teller.say(`The customer tops up by ${grouped(topUpBytes)} bytes.`);
  const soldInAll = volumeBytes + topUpBytes;
  await sale.topUp(topUpBytes, 'payment-2');
  const toppedUpAt = machineMilliseconds();
  const flows = async () => (await lab.traffic.accepted()) > acceptedBytes;
  await eventually('traffic flows after the top-up', flows, { within: withinMs, every: 10 });
  const flowsAgainMs = machineMilliseconds() - toppedUpAt;
  teller.say(
    `Traffic flows again after ${Math.round(flowsAgainMs)} ms; the volume is ${grouped(soldInAll)} bytes now.`,
  );
  const all = await lab.traffic.usedUp(soldInAll, { quietMs, withinMs, meanwhile: showOf(soldInAll) });
  teller.say(`Stopped again: ${grouped(all - acceptedBytes)} bytes more have arrived.`);
  const billedAfterTopUpBytes = await theBill(sale, all);
  const afterTopUpBytes = all - acceptedBytes;
  const sold = { volumeBytes, acceptedBytes, billedBytes, topUpBytes };
  const hosts = [lab.internet.host, ...lab.clients.map(({ host }) => host)];
  const lost = await Promise.all(hosts.map((host) => host.datagramsLost()));
  const lostDatagrams = lost.reduce((sum, count) => sum + count, 0);
  return { ...sold, afterTopUpBytes, billedAfterTopUpBytes, flowsAgainMs, nodes, lostDatagrams };
}

async function showLive(lab: Lab, teller: Teller, sold: bigint): Promise<void> {
  const byNode = await Promise.all(lab.nodes.map(({ number }) => acceptedOver(lab, number)));
  const all = byNode.reduce((sum, bytes) => sum + bytes, 0n);
  teller.live(all, sold, byNode);
}

const acceptedOver = (lab: Lab, node: number) => lab.traffic.accepted((plan) => plan.node === node);

/** The bill once it has come to what was accepted; or what it is if it does not. */
async function theBill(sale: Sale, accepted: bigint): Promise<bigint> {
  await sale.billedExactly(accepted).catch(() => undefined);
  return sale.billed();
}
