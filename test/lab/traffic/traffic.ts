import { eventually, settled } from '../eventually.ts';
import type { TrafficEnd } from './end.ts';
import { Flow, type FlowPlan, innerBytes } from './flow.ts';
import type { FlowFigures } from './protocol.ts';

/** What one flow carried: inner IP bytes received at the far ends. */
export interface FlowReading {
  readonly flow: Flow;
  /** Received at the internet's server. */
  readonly up: bigint;
  /** Received at the client. */
  readonly down: bigint;
  /** Datagrams that this flow's sender sent, and that the other end received. */
  readonly sentDatagrams: number;
  readonly receivedDatagrams: number;
  /** When the flow's last datagram arrived, in its direction; the machine's monotonic milliseconds. */
  readonly lastReceivedAt: number;
  /** The longest time without an arrival in its direction since {@link Traffic.mark}. */
  readonly longestSilenceMs: number;
}

export interface UsedUpOptions {
  /** How long nothing may arrive, with senders still sending. */
  readonly quietMs?: number;
  readonly withinMs?: number;
  /** Called at each look. */
  readonly meanwhile?: () => Promise<void>;
}

/** All flows of a lab, and what arrived of them. */
export class Traffic {
  readonly #flows: Flow[] = [];
  readonly #server: TrafficEnd;
  readonly #clients: ReadonlyMap<number, TrafficEnd>;

  constructor(server: TrafficEnd, clients: ReadonlyMap<number, TrafficEnd>) {
    this.#server = server;
    this.#clients = clients;
  }

  /** A new flow; a download has its way back opened, for which the client must be able to pass one datagram. */
  async open(plan: FlowPlan): Promise<Flow> {
    const client = this.#clients.get(plan.client);
    if (!client) throw new Error(`the lab has no client ${plan.client}`);
    const flow = new Flow(this.#flows.length + 1, plan, client, this.#server);
    this.#flows.push(flow);
    if (plan.direction === 'down') {
      const heard = async () => {
        flow.knock();
        return (await this.of(flow)).up > 0n;
      };
      await eventually(`the server hears of flow ${flow.number}`, heard, { within: 15_000, every: 200 });
    }
    return flow;
  }

  async readings(): Promise<readonly FlowReading[]> {
    const ends = await Promise.all([this.#server, ...this.#clients.values()].map((end) => end.snapshot()));
    const [server = [], ...clients] = ends;
    return this.#flows.map((flow) => {
      const atServer = server.find((figures) => figures.flow === flow.number) ?? none(flow);
      const atClient = clients.flat().find((figures) => figures.flow === flow.number) ?? none(flow);
      const [sender, receiver] = flow.plan.direction === 'up' ? [atClient, atServer] : [atServer, atClient];
      return {
        flow,
        up: innerBytes(atServer, flow.plan.family),
        down: innerBytes(atClient, flow.plan.family),
        sentDatagrams: sender.sentDatagrams,
        receivedDatagrams: receiver.receivedDatagrams,
        lastReceivedAt: receiver.lastReceivedAt,
        longestSilenceMs: receiver.longestSilenceMs,
      };
    });
  }

  async of(flow: Flow): Promise<FlowReading> {
    const reading = (await this.readings()).find((candidate) => candidate.flow === flow);
    if (!reading) throw new Error(`flow ${flow.number} is not of this lab`);
    return reading;
  }

  /** Inner IP bytes that arrived, both ways, over all flows or those that `which` picks. */
  async accepted(which: (plan: FlowPlan) => boolean = () => true): Promise<bigint> {
    const readings = await this.readings();
    return readings.filter(({ flow }) => which(flow.plan)).reduce((sum, { up, down }) => sum + up + down, 0n);
  }

  /** Waits until so many bytes in all have arrived. */
  async passed(bytes: bigint, within = 60_000): Promise<void> {
    await eventually(`${bytes} bytes arrive`, async () => (await this.accepted()) >= bytes, { within });
  }

  /**
   * Waits until a volume is used up but for less than a hundredth, and nothing arrives any more; says how much did. When
   * that does not come about in time, it says how much did nevertheless: the test has its own word on that.
   */
  async usedUp(volume: bigint, options: UsedUpOptions = {}): Promise<bigint> {
    const { quietMs = 1500, withinMs = 60_000, meanwhile } = options;
    const nearlyAll = async () => {
      await meanwhile?.();
      return (await this.accepted()) > volume - volume / 100n;
    };
    const look = { within: withinMs, every: 50 };
    await eventually('the volume is used up', nearlyAll, look).catch(() => undefined);
    return this.settled(quietMs);
  }

  /** Waits until nothing arrives any more, and says how much did. Senders may go on: then all of them are stopped. */
  settled(quietMs = 400, within = 60_000): Promise<bigint> {
    return settled('traffic', () => this.accepted(), { quietMs, within });
  }

  /** Datagrams that were sent and did not arrive; ask when all is settled. */
  async lost(): Promise<number> {
    const readings = await this.readings();
    return readings.reduce(
      (sum, { sentDatagrams, receivedDatagrams }) => sum + sentDatagrams - receivedDatagrams,
      0,
    );
  }

  /** Both families, both ways, between a client and the internet; its tunnel must be open. */
  async openAll(client: number, node: number, bitsPerSecond: number): Promise<readonly Flow[]> {
    const plans = ([4, 6] as const).flatMap((family) =>
      (['up', 'down'] as const).map((direction) => ({ client, node, family, direction, bitsPerSecond })),
    );
    return Promise.all(plans.map((plan) => this.open(plan)));
  }

  /** Silences count from now on. */
  mark(): void {
    for (const end of [this.#server, ...this.#clients.values()]) end.order({ kind: 'mark' });
  }

  sendAll(): void {
    for (const flow of this.#flows) flow.send();
  }

  restAll(): void {
    for (const flow of this.#flows) flow.rest();
  }
}

function none(flow: Flow): FlowFigures {
  const nothing = { sentDatagrams: 0, sentBytes: 0, receivedDatagrams: 0, receivedBytes: 0 };
  return { flow: flow.number, ...nothing, lastReceivedAt: 0, longestSilenceMs: 0 };
}
