import { systemClock } from '../../common/clock.ts';
import { dayMs } from '../../common/day.ts';
import { eventually } from './eventually.ts';
import type { Lab } from './lab.ts';
import { inContact, Sale, type UsageAnswer } from './shop.ts';
import { machineMilliseconds } from './traffic/protocol.ts';

/** When something happens to a subscription, in milliseconds since 1970. */
export function comingSecond(inMs: number): number {
  return Math.ceil((systemClock.now() + inMs) / 1000) * 1000;
}

/** A sale by the day whose first period ends at `at`: it began a day before. */
function sellUntilTurn(lab: Lab, at: number, volumeBytes: bigint, devices: number): Promise<Sale> {
  const times = ['--starts', new Date(at - dayMs).toISOString()];
  return Sale.make(lab, volumeBytes, devices, ['--period', '1d'], 'daily', times);
}

/** The machine's monotonic milliseconds at a time of its wall clock, as the ends of the traffic tell them. */
export function machineTime(at: number): number {
  return at - systemClock.now() + machineMilliseconds();
}

/** Waits for a time; not for something to have been done by then. */
export async function reached(at: number): Promise<void> {
  await systemClock.sleep(Math.max(0, at - systemClock.now()));
}

/** How a node's reading at a turn differs from the turn. */
export interface Uncertainty {
  readonly node: string;
  /** What was billed to the old period beyond what had arrived at the intended moment; below zero: less than that. */
  readonly bytes: bigint;
  /** The same as time, at the pace of the traffic there. */
  readonly ms: number;
}

/** Bytes: for longer than a story lasts. */
const enoughAlone = 4_000_000;

/** What passes in some seconds: a node reads its counters up to a second after a turn. */
const ofSeconds = 400_000n;

/** Until more has passed on each of these nodes. */
export async function goesOn(lab: Lab, nodes: readonly number[], bytes = ofSeconds): Promise<void> {
  const onNode = (node: number) => lab.traffic.accepted((plan) => plan.node === node);
  const before = await Promise.all(nodes.map(onNode));
  for (const [n, node] of nodes.entries()) {
    const more = async () => (await onNode(node)) > (before[n] ?? 0n) + bytes;
    await eventually(`traffic goes on on node ${node}`, more, { within: 10_000, every: 10 });
  }
}

/**
 * One customer on three nodes, a client on each, with traffic through the end of the first period while node 2 is cut off
 * from the controller. Afterwards all are in contact, and the traffic rests.
 */
export async function passThroughTurn(lab: Lab): Promise<{ sale: Sale; watch: TurnWatch }> {
  const everywhere = [1, 2, 3];
  const turnsAt = comingSecond(22_000);
  const sale = await sellUntilTurn(lab, turnsAt, 1_000_000_000n, 3);
  await Promise.all(everywhere.map((client) => sale.connect(client, client)));
  await Promise.all(everywhere.map((client) => lab.traffic.openAll(client, client, 400_000)));
  lab.traffic.sendAll();
  const allHold = async () =>
    (await Promise.all(lab.nodes.map((node) => node.armedBytes()))).every((bytes) => bytes > enoughAlone);
  await eventually('each node holds enough to be on its own', allHold, { within: 15_000, every: 200 });
  await lab.node(2).cutOff();
  const watch = await TurnWatch.through(lab, turnsAt);
  await goesOn(lab, everywhere);
  await lab.node(2).reconnect();
  await inContact(lab, 'node2');
  lab.traffic.restAll();
  return { sale, watch };
}

/** Traffic through the end of a period: what had arrived of it on each node at that moment, and how fast it was. */
export class TurnWatch {
  readonly #lab: Lab;
  readonly #arrived: ReadonlyMap<string, bigint>;
  readonly #bytesPerMs: ReadonlyMap<string, number>;

  private constructor(
    lab: Lab,
    arrived: ReadonlyMap<string, bigint>,
    bytesPerMs: ReadonlyMap<string, number>,
  ) {
    this.#lab = lab;
    this.#arrived = arrived;
    this.#bytesPerMs = bytesPerMs;
  }

  /** Looks at the moment `at`, and a second before it for the pace. */
  static async through(lab: Lab, at: number): Promise<TurnWatch> {
    await reached(at - 1_000);
    const [before, since] = [await arrivals(lab), machineMilliseconds()];
    await reached(at);
    const [arrived, now] = [await arrivals(lab), machineMilliseconds()];
    const pace = [...arrived].map(([node, bytes]): [string, number] => [
      node,
      Number(bytes - (before.get(node) ?? 0n)) / (now - since),
    ]);
    return new TurnWatch(lab, arrived, new Map(pace));
  }

  /** By the bill of the period that ended. */
  uncertainties(bill: UsageAnswer): Uncertainty[] {
    return this.#lab.nodes.map(({ name }) => {
      const billed = bill.nodes.find((node) => node.name === name);
      const bytes =
        BigInt(billed?.uploadBytes ?? 0) +
        BigInt(billed?.downloadBytes ?? 0) -
        (this.#arrived.get(name) ?? 0n);
      return { node: name, bytes, ms: Number(bytes) / (this.#bytesPerMs.get(name) ?? Number.NaN) };
    });
  }
}

async function arrivals(lab: Lab): Promise<Map<string, bigint>> {
  const readings = await lab.traffic.readings();
  const arrived = new Map(lab.nodes.map(({ name }) => [name, 0n]));
  for (const { flow, up, down } of readings) {
    const { name } = lab.node(flow.plan.node);
    arrived.set(name, (arrived.get(name) ?? 0n) + up + down);
  }
  return arrived;
}
