import { internetAddress4, internetAddress6 } from '../topology.ts';
import type { TrafficEnd } from './end.ts';
import type { FlowFigures } from './protocol.ts';

export const serverPort = 7000;

/** Bytes of IP and UDP header on each datagram: what the gate counts beside the payload. */
export const overheadBytes = { 4: 28, 6: 48 } as const;

export interface FlowPlan {
  /** Through which node, for the figures; the client's tunnel decides. */
  readonly node: number;
  readonly client: number;
  readonly family: 4 | 6;
  readonly direction: 'up' | 'down';
  /** Of payload; at most 20 Mbit/s, above which queues behind the gate drop what it has counted. */
  readonly bitsPerSecond?: number;
  /** Below the tunnel's MTU with headers. */
  readonly payloadBytes?: number;
}

/** A stream of datagrams between a client and the internet's server, one way. */
export class Flow {
  readonly number: number;
  readonly plan: FlowPlan;
  readonly #client: TrafficEnd;
  readonly #server: TrafficEnd;

  constructor(number: number, plan: FlowPlan, client: TrafficEnd, server: TrafficEnd) {
    this.number = number;
    this.plan = plan;
    this.#client = client;
    this.#server = server;
    const address = plan.family === 4 ? internetAddress4 : internetAddress6;
    client.order({ kind: 'open', flow: number, address, port: serverPort });
  }

  /** One datagram up, which also shows the server the way back. */
  knock(): void {
    this.#client.order({ kind: 'knock', flow: this.number, payloadBytes: 64 });
  }

  /** Sends until told to rest. Downloads need one {@link knock} that arrived before. */
  send(): void {
    const { bitsPerSecond = 4_000_000, payloadBytes = 1200 } = this.plan;
    if (bitsPerSecond > 20_000_000)
      throw new Error('above 20 Mbit/s the ends no longer see what the gate saw');
    this.#sender.order({
      kind: 'send',
      flow: this.number,
      payloadBytes,
      datagramsPerSecond: bitsPerSecond / 8 / payloadBytes,
    });
  }

  rest(): void {
    this.#sender.order({ kind: 'rest', flow: this.number });
  }

  get #sender(): TrafficEnd {
    return this.plan.direction === 'up' ? this.#client : this.#server;
  }
}

/** Bytes of inner IP packets that arrived: payload and headers. */
export function innerBytes(figures: FlowFigures, family: 4 | 6): bigint {
  return BigInt(figures.receivedBytes + figures.receivedDatagrams * overheadBytes[family]);
}
